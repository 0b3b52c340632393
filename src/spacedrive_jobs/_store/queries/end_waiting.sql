-- Ends a job that no code is running for. Progress and counters are taken over from what was stored last.
INSERT INTO job_history (id, kind, version, status, reason, priority, attempt, errors, crashes, parent_id, retry_of,
                         resumable, lane, tidies, action, created_at, deadline_at, started_at, finished_at, duration_ms, arguments, output, error_type, error_message,
                         error_traceback, metrics, progress, view)
SELECT j.id, j.kind, j.version, :status, :reason, j.priority, j.attempt, j.errors, j.crashes, j.parent_id, j.retry_of,
       j.resumable, j.lane, j.tidies, j.action, j.created_at, j.deadline_at, j.started_at, :at, iif(j.started_at IS NULL, NULL, j.ran_ms), j.arguments, NULL, :error_type, :error_message,
       :error_traceback, c.metrics, p.progress, p.view
FROM jobs AS j LEFT JOIN job_checkpoints AS c ON c.job_id = j.id LEFT JOIN job_progress AS p ON p.job_id = j.id
WHERE j.id = :id AND j.status IN ('queued', 'paused')
