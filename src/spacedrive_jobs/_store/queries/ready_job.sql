-- One job by id, for a runner that runs only its own.
SELECT id, priority, position, crashes, kind, version FROM jobs
WHERE id = ? AND status = 'queued' AND due_at IS NULL
