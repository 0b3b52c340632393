-- First in line of one (kind, version), read from jobs_ready_suspect alone.
SELECT id, priority, position FROM jobs
WHERE status = 'queued' AND due_at IS NULL AND crashes > 0 AND kind = ? AND version = ?
ORDER BY priority DESC, position LIMIT ?
