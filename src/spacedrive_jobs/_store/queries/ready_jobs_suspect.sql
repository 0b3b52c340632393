-- First in line of one (kind, version, lane, priority), found along jobs_ready_suspect.
SELECT id, position, created_at + ran_ms FROM jobs
WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0 AND kind = ? AND version = ? AND lane = ?
  AND priority = ?
ORDER BY position LIMIT ?
