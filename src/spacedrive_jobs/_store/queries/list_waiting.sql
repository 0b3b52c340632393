-- Of one priority and one part of the line (line.py), along jobs_line.
SELECT j.id, j.kind, j.version, j.status, j.request, j.reason, j.priority, j.attempt, j.errors, j.crashes, j.parent_id, j.created_at,
       j.due_at, j.started_at, NULL, j.deadline_at, j.runner, j.arguments, NULL, NULL, NULL, NULL, c.metrics, p.progress, p.view,
       j.retry_of, j.lane, j.held, j.yielding, j.action, j.unique_key IS NOT NULL, j.ran_ms, j.claimed_at
FROM jobs AS j INDEXED BY jobs_line
LEFT JOIN job_checkpoints AS c ON c.job_id = j.id LEFT JOIN job_progress AS p ON p.job_id = j.id
WHERE j.runner IS NULL AND j.priority = :priority AND (j.position, j.id) > (:position, :id)
  AND j.status = :status AND (:kept IS NULL OR (j.due_at IS NOT NULL OR j.held) = :kept)
  AND (:kind IS NULL OR j.kind = :kind)
  AND (:text IS NULL OR instr(lower(j.kind || char(10) || j.reason || char(10) || CAST(j.arguments AS TEXT)), :text))
ORDER BY j.position, j.id LIMIT :limit
