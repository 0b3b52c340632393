SELECT attempt, ended_at, outcome, reason, error_type, error_traceback FROM job_attempts
WHERE job_id = ? ORDER BY attempt
