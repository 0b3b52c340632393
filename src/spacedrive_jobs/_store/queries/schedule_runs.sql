SELECT scheduled_at, at, outcome, job_id, count FROM schedule_runs WHERE schedule_id = ? ORDER BY seq DESC LIMIT ?
