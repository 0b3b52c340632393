-- Ids begin with their time, so both halves are read along their primary keys. A half that no wanted status is in is not
-- read at all.
SELECT id FROM (
    SELECT id FROM (
        SELECT id FROM jobs
        WHERE :active AND id > :after AND id < :until AND (:kind IS NULL OR kind = :kind)
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || status || ',') > 0)
          AND created_at >= :from AND created_at < :before
          AND (:text IS NULL OR instr(lower(kind || char(10) || reason || char(10) || CAST(arguments AS TEXT)), :text))
        ORDER BY id LIMIT :limit)
    UNION ALL
    SELECT id FROM (
        SELECT id FROM job_history
        WHERE :ended AND id > :after AND id < :until AND (:kind IS NULL OR kind = :kind)
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || status || ',') > 0)
          AND created_at >= :from AND created_at < :before
          AND (:text IS NULL OR instr(lower(kind || char(10) || reason || char(10) || coalesce(error_message, '')
                                            || char(10) || CAST(arguments AS TEXT)), :text))
        ORDER BY id LIMIT :limit)
) ORDER BY id LIMIT :limit
