INSERT INTO sd_outbox (job, runner, row) VALUES (?, ?, ?)
