-- In the order of claims, as far as one order holds for all kinds; last what waits for a time, a job or an answer. No index
-- has this order over all kinds, so all that is queued is read, and only the first rows are kept.
SELECT j.id, j.kind, j.version, j.status, j.request, j.reason, j.priority, j.attempt, j.errors, j.crashes, j.parent_id, j.created_at,
       j.due_at, j.started_at, NULL, j.deadline_at, j.runner, j.arguments, NULL, NULL, NULL, NULL, c.metrics, p.progress, p.view,
       j.retry_of, j.lane, j.held, j.yielding, j.action, j.unique_key IS NOT NULL
FROM jobs AS j
LEFT JOIN job_checkpoints AS c ON c.job_id = j.id LEFT JOIN job_progress AS p ON p.job_id = j.id
WHERE j.status = 'queued' ORDER BY j.due_at IS NOT NULL OR j.held, j.priority DESC, j.position LIMIT ?
