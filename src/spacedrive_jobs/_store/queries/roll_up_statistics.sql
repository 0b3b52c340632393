-- The hours of one day, added to the row of the day.
INSERT INTO job_statistics
SELECT 24, start - start % 86400000, kind, status, wait, run, sum(jobs), sum(attempts), sum(errors), sum(retries),
       sum(deaths), sum(bytes), sum(items), sum(wait_ms), sum(run_ms)
FROM job_statistics WHERE hours = 1 AND start >= ?1 AND start < ?1 + 86400000
GROUP BY 2, 3, 4, 5, 6
ON CONFLICT DO UPDATE SET
    jobs = jobs + excluded.jobs, attempts = attempts + excluded.attempts, errors = errors + excluded.errors,
    retries = retries + excluded.retries, deaths = deaths + excluded.deaths, bytes = bytes + excluded.bytes,
    items = items + excluded.items, wait_ms = wait_ms + excluded.wait_ms, run_ms = run_ms + excluded.run_ms
