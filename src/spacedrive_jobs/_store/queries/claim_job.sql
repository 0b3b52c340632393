-- Compare and set: the writer's transaction excludes other processes, the status excludes a job already taken.
UPDATE jobs SET status = 'running', runner = :runner, attempt = attempt + 1, changed_at = :now, claimed_at = :now,
                started_at = coalesce(started_at, :now), reason = CASE WHEN request IS NULL THEN '' ELSE reason END
WHERE id = :id AND status = 'queued'
RETURNING id, attempt, kind, version, arguments, priority, errors, crashes, parent_id, deadline_at, request, reason, lane,
          retry_of, action, trace, created_at, started_at, ran_ms, deaths
