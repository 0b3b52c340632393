-- One statement over both tables is one snapshot.
SELECT j.id, j.kind, j.version, j.status, j.request, j.reason, j.priority, j.attempt, j.errors, j.crashes, j.parent_id, j.created_at,
       j.due_at, j.started_at, NULL, j.deadline_at, j.runner, j.arguments, NULL, NULL, NULL, NULL, c.metrics, p.progress, p.view,
       j.retry_of, j.lane, j.held, j.yielding, j.action, j.unique_key IS NOT NULL, j.ran_ms, j.claimed_at
FROM jobs AS j LEFT JOIN job_checkpoints AS c ON c.job_id = j.id LEFT JOIN job_progress AS p ON p.job_id = j.id
WHERE j.id = :id
UNION ALL
SELECT id, kind, version, status, NULL, reason, priority, attempt, errors, crashes, parent_id, created_at,
       NULL, started_at, finished_at, deadline_at, NULL, arguments, output, error_type, error_message, error_traceback,
       metrics, progress, view, retry_of, lane, 0, 0, action, 0, coalesce(duration_ms, 0), NULL
FROM job_history WHERE id = :id
