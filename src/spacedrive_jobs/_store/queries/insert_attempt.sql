INSERT INTO job_attempts (job_id, attempt, ended_at, outcome, reason, error_type, error_traceback)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
