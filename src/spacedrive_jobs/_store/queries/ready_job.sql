-- One job by id, for a runner that runs only its own.
SELECT kind, version, lane, priority, position, created_at + ran_ms, crashes FROM jobs
WHERE id = ? AND status = 'queued' AND due_at IS NULL AND held = 0
