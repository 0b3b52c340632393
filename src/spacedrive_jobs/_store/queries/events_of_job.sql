SELECT seq, job_id, at, attempt, status, request, reason FROM job_events WHERE job_id = ? AND seq > ? ORDER BY seq
