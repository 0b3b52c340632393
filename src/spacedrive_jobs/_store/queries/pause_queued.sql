UPDATE jobs SET status = 'paused', reason = 'paused', due_at = NULL, paused_at = :now, changed_at = :now
WHERE id = :id AND status = 'queued' AND request IS NULL
