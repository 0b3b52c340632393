-- Ids begin with their time, so both halves are read along their primary keys.
SELECT id FROM (
    SELECT id FROM (
        SELECT id FROM jobs
        WHERE id > :after AND id < :until AND (:kind IS NULL OR kind = :kind)
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || status || ',') > 0)
          AND created_at >= :from AND created_at < :before
        ORDER BY id LIMIT :limit)
    UNION ALL
    SELECT id FROM (
        SELECT id FROM job_history
        WHERE id > :after AND id < :until AND (:kind IS NULL OR kind = :kind)
          AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || status || ',') > 0)
          AND created_at >= :from AND created_at < :before
        ORDER BY id LIMIT :limit)
) ORDER BY id LIMIT :limit
