-- The job has run before: its next claim runs `on_cancel` (a copy removes its partials) and ends it. That needs neither
-- resources nor a turn, so its lane is emptied.
UPDATE jobs SET status = 'queued', request = 'cancel', reason = :reason, position = :position, due_at = NULL, lane = '',
                paused_at = NULL, paused_with = NULL, crashes = 0, changed_at = :now
WHERE id = :id AND status IN ('queued', 'paused')
