-- Ids of the jobs that have failed items and meet the rest of the filter: with `down` from the newest on, else from the
-- oldest. From one such job to the next by one seek, however many items failed in it and however many jobs have none; each
-- is wherever it is, or in neither table while it is being deleted. Without an ORDER BY, so that it ends at the limit.
WITH RECURSIVE failing (id) AS (
    SELECT iif(:down, (SELECT max(job_id) FROM job_items WHERE outcome = 'error' AND job_id < :until),
                      (SELECT min(job_id) FROM job_items WHERE outcome = 'error' AND job_id > :after))
    UNION ALL
    SELECT iif(:down, (SELECT max(job_id) FROM job_items WHERE outcome = 'error' AND job_id < failing.id),
                      (SELECT min(job_id) FROM job_items WHERE outcome = 'error' AND job_id > failing.id))
    FROM failing WHERE failing.id > :after AND failing.id < :until
)
SELECT f.id
FROM failing AS f LEFT JOIN jobs AS j ON j.id = f.id LEFT JOIN job_history AS h ON h.id = f.id
WHERE f.id > :after AND f.id < :until
  AND ((:active AND j.id IS NOT NULL) OR (:ended AND h.id IS NOT NULL))
  AND (:kind IS NULL OR coalesce(h.kind, j.kind) = :kind)
  AND (:statuses IS NULL OR instr(',' || :statuses || ',', ',' || coalesce(h.status, j.status) || ',') > 0)
  AND coalesce(h.created_at, j.created_at) >= :from AND coalesce(h.created_at, j.created_at) < :before
  AND (:text IS NULL OR instr(lower(coalesce(h.kind, j.kind) || char(10) || coalesce(h.reason, j.reason) || char(10)
                                    || coalesce(h.error_message, '') || char(10)
                                    || CAST(coalesce(h.arguments, j.arguments) AS TEXT)), :text))
  AND (:retried IS NULL OR :retried = (EXISTS (SELECT 1 FROM jobs AS r WHERE r.retry_of = f.id)
                                    OR EXISTS (SELECT 1 FROM job_history AS r WHERE r.retry_of = f.id)))
LIMIT :limit
