INSERT INTO job_starts (kind, at, id) VALUES (?, ?, ?)
