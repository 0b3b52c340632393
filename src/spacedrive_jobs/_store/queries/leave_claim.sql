-- The one statement by which a running job goes back to waiting; compares the claim.
UPDATE jobs SET status = :status, request = :request, runner = NULL, yielding = 0, reason = :reason,
                position = coalesce(:position, position), due_at = :due_at, paused_at = :paused_at,
                paused_with = CASE WHEN :status = 'paused' THEN paused_with END, errors = errors + :errors, crashes = coalesce(:crashes, crashes),
                ran_ms = ran_ms + max(0, :at - claimed_at), claimed_at = NULL, deaths = deaths + :deaths,
                lane = CASE WHEN :request = 'cancel' THEN '' ELSE lane END, changed_at = :at
WHERE id = :id AND status = 'running' AND attempt = :attempt AND runner = :runner
