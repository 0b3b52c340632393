-- Rows of hours, of days where those were rolled up, and of all that is before those, that overlap the span. Each branch of
-- the first two reads a range of the primary key; `hours` rows of one kind lie together within their hour. What is before
-- all days has one span for all kinds.
SELECT (last - first) / 3600000 AS hours, first AS start,
       kind, status, wait, run, jobs, attempts, errors, retries, deaths, bytes, items, wait_ms, run_ms
FROM job_statistics_before, (SELECT min(since) AS first, max(until) AS last FROM job_statistics_before)
WHERE last > :since AND first < :until AND (:kind IS NULL OR kind = :kind)
UNION ALL
SELECT hours, start, kind, status, wait, run, jobs, attempts, errors, retries, deaths, bytes, items, wait_ms, run_ms
FROM job_statistics
WHERE hours = 24 AND start > :since - 86400000 AND start < :until AND (:kind IS NULL OR kind = :kind)
UNION ALL
SELECT hours, start, kind, status, wait, run, jobs, attempts, errors, retries, deaths, bytes, items, wait_ms, run_ms
FROM job_statistics
WHERE hours = 1 AND start > :since - 3600000 AND start < :until AND (:kind IS NULL OR kind = :kind)
ORDER BY start, kind
