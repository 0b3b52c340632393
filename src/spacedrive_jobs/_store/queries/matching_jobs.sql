-- Ids begin with their time, so both halves are read along their primary keys. A half that no wanted status is in is not
-- read at all. `retried`: only jobs that were tried again, or only others.
SELECT id FROM (
    SELECT id FROM (
        SELECT id FROM jobs
        WHERE :active AND :retried IS NOT 1 AND id > :after AND id < :until AND (:kind IS NULL OR kind = :kind)
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || status || ',') > 0)
          AND created_at >= :from AND created_at < :before
          AND (:text IS NULL OR instr(lower(kind || char(10) || reason || char(10) || CAST(arguments AS TEXT)), :text))
          AND (:failed_items IS NULL
               OR :failed_items = EXISTS (SELECT 1 FROM job_items AS i WHERE i.job_id = jobs.id AND i.outcome = 'error'))
        ORDER BY id LIMIT :limit)
    UNION ALL
    SELECT id FROM (
        SELECT id FROM job_history
        WHERE :ended AND id > :after AND id < :until AND (:kind IS NULL OR kind = :kind)
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || status || ',') > 0)
          AND created_at >= :from AND created_at < :before
          AND (:text IS NULL OR instr(lower(kind || char(10) || reason || char(10) || coalesce(error_message, '')
                                            || char(10) || CAST(arguments AS TEXT)), :text))
          AND (:retried IS NULL OR :retried = (EXISTS (SELECT 1 FROM jobs AS r WHERE r.retry_of = job_history.id)
                                    OR EXISTS (SELECT 1 FROM job_history AS r WHERE r.retry_of = job_history.id)))
          AND (:failed_items IS NULL
               OR :failed_items = EXISTS (SELECT 1 FROM job_items AS i WHERE i.job_id = job_history.id AND i.outcome = 'error'))
        ORDER BY id LIMIT :limit)
) ORDER BY id LIMIT :limit
