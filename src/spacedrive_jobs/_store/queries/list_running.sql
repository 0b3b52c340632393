-- Along jobs_running, so that what waits and what has ended costs nothing.
SELECT j.id, j.kind, j.version, j.status, j.request, j.reason, j.priority, j.attempt, j.errors, j.crashes, j.parent_id, j.created_at,
       j.due_at, j.started_at, NULL, j.deadline_at, j.runner, j.arguments, NULL, NULL, NULL, NULL, c.metrics, p.progress, p.view,
       j.retry_of, j.lane, j.held, j.yielding, j.action, j.unique_key IS NOT NULL, j.ran_ms, j.claimed_at
FROM jobs AS j INDEXED BY jobs_running
LEFT JOIN job_checkpoints AS c ON c.job_id = j.id LEFT JOIN job_progress AS p ON p.job_id = j.id
WHERE j.runner IS NOT NULL ORDER BY j.id
