-- Along jobs_running, as list_running.
SELECT j.id, p.progress, p.view FROM jobs AS j INDEXED BY jobs_running JOIN job_progress AS p ON p.job_id = j.id
WHERE j.runner IS NOT NULL
