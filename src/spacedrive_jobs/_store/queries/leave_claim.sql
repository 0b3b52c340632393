-- The one statement by which a running job goes back to waiting; compares the claim.
UPDATE jobs SET status = :status, request = :request, runner = NULL, reason = :reason, position = coalesce(:position, position),
                due_at = :due_at, paused_at = :paused_at, errors = errors + :errors, crashes = coalesce(:crashes, crashes), changed_at = :at
WHERE id = :id AND status = 'running' AND attempt = :attempt AND runner = :runner
