-- Rows of hours, and of days where those were rolled up, that overlap the span. Each branch reads a range of the primary
-- key; `hours` rows of one kind lie together within their hour.
SELECT hours, start, kind, status, wait, run, jobs, attempts, errors, retries, deaths, bytes, items, wait_ms, run_ms
FROM job_statistics
WHERE hours = 24 AND start > :since - 86400000 AND start < :until AND (:kind IS NULL OR kind = :kind)
UNION ALL
SELECT hours, start, kind, status, wait, run, jobs, attempts, errors, retries, deaths, bytes, items, wait_ms, run_ms
FROM job_statistics
WHERE hours = 1 AND start > :since - 3600000 AND start < :until AND (:kind IS NULL OR kind = :kind)
ORDER BY start, kind
