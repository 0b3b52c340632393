INSERT INTO job_steps (job_id, key, verb, result) VALUES (?, ?, ?, ?)
