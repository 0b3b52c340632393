INSERT INTO job_statistics (hours, start, kind, status, wait, run, jobs, attempts, errors, retries, deaths, bytes, items,
                            wait_ms, run_ms)
VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    jobs = jobs + excluded.jobs, attempts = attempts + excluded.attempts, errors = errors + excluded.errors,
    retries = retries + excluded.retries, deaths = deaths + excluded.deaths, bytes = bytes + excluded.bytes,
    items = items + excluded.items, wait_ms = wait_ms + excluded.wait_ms, run_ms = run_ms + excluded.run_ms
