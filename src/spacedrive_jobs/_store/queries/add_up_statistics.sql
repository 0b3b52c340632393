-- The days before a moment, added to what is before all days.
INSERT INTO job_statistics_before
SELECT min(start), max(start) + 86400000, kind, status, wait, run, sum(jobs), sum(attempts), sum(errors), sum(retries),
       sum(deaths), sum(bytes), sum(items), sum(wait_ms), sum(run_ms)
FROM job_statistics WHERE hours = 24 AND start < ?
GROUP BY kind, status, wait, run
ON CONFLICT DO UPDATE SET
    since = min(since, excluded.since), until = max(until, excluded.until),
    jobs = jobs + excluded.jobs, attempts = attempts + excluded.attempts, errors = errors + excluded.errors,
    retries = retries + excluded.retries, deaths = deaths + excluded.deaths, bytes = bytes + excluded.bytes,
    items = items + excluded.items, wait_ms = wait_ms + excluded.wait_ms, run_ms = run_ms + excluded.run_ms
