UPDATE jobs SET yielding = :yielding, reason = :reason, changed_at = changed_at
WHERE id = :id AND status = 'running' AND attempt = :attempt AND runner = :runner
