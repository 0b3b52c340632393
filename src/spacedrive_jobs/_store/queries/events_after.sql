SELECT seq, job_id, at, attempt, status, request, reason FROM job_events WHERE seq > ? ORDER BY seq LIMIT ?
