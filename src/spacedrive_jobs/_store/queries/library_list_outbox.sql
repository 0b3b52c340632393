SELECT job, runner, row FROM sd_outbox ORDER BY job
