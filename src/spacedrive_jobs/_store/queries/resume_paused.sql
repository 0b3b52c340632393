UPDATE jobs SET status = 'queued', reason = 'resumed', position = :position, paused_at = NULL, paused_with = NULL,
                changed_at = :now
WHERE id = :id AND status = 'paused'
