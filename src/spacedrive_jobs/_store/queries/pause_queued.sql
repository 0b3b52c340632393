UPDATE jobs SET status = 'paused', reason = :reason, due_at = NULL, paused_at = :now, paused_with = :with, changed_at = :now
WHERE id = :id AND status = 'queued' AND request IS NULL
