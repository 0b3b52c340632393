-- Both halves are read backwards along their primary keys (ids begin with their time) and cut before they are merged.
-- `retried`: only jobs that were tried again, or only others.
-- A half that no wanted status is in is not read at all: the two parameters are looked at once, before the first row.
SELECT * FROM (
    SELECT * FROM (
        SELECT j.id, j.kind, j.version, j.status, j.request, j.reason, j.priority, j.attempt, j.errors, j.crashes, j.parent_id, j.created_at,
       j.due_at, j.started_at, NULL, j.deadline_at, j.runner, j.arguments, NULL, NULL, NULL, NULL, c.metrics, p.progress, p.view,
       j.retry_of, j.lane, j.held, j.yielding, j.action, j.unique_key IS NOT NULL, j.ran_ms, j.claimed_at
        FROM jobs AS j LEFT JOIN job_checkpoints AS c ON c.job_id = j.id LEFT JOIN job_progress AS p ON p.job_id = j.id
        WHERE :active AND :retried IS NOT 1 AND j.id < :after AND (:kind IS NULL OR j.kind = :kind)
          AND j.created_at >= :from
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || j.status || ',') > 0)
          AND (:text IS NULL OR instr(lower(j.kind || char(10) || j.reason || char(10) || CAST(j.arguments AS TEXT)), :text))
          AND (:failed_items IS NULL
               OR :failed_items = EXISTS (SELECT 1 FROM job_items AS i WHERE i.job_id = j.id AND i.outcome = 'error'))
        ORDER BY j.id DESC LIMIT :limit)
    UNION ALL
    SELECT * FROM (
        SELECT id, kind, version, status, NULL, reason, priority, attempt, errors, crashes, parent_id, created_at,
       NULL, started_at, finished_at, deadline_at, NULL, arguments, output, error_type, error_message, error_traceback,
       metrics, progress, view, retry_of, lane, 0, 0, action, 0, coalesce(duration_ms, 0), NULL
        FROM job_history
        WHERE :ended AND id < :after AND (:kind IS NULL OR kind = :kind)
          AND created_at >= :from
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || status || ',') > 0)
          AND (:text IS NULL OR instr(lower(kind || char(10) || reason || char(10) || coalesce(error_message, '')
                                            || char(10) || CAST(arguments AS TEXT)), :text))
          AND (:retried IS NULL OR :retried = (EXISTS (SELECT 1 FROM jobs AS r WHERE r.retry_of = job_history.id)
                                    OR EXISTS (SELECT 1 FROM job_history AS r WHERE r.retry_of = job_history.id)))
          AND (:failed_items IS NULL
               OR :failed_items = EXISTS (SELECT 1 FROM job_items AS i WHERE i.job_id = job_history.id AND i.outcome = 'error'))
        ORDER BY id DESC LIMIT :limit)
) ORDER BY id DESC LIMIT :limit
