-- A late writer of an earlier attempt must not move the bar of a later one, and the shown fraction never falls.
INSERT INTO job_progress (job_id, attempt, fraction, progress, view, updated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (job_id) DO UPDATE SET
    attempt = excluded.attempt, fraction = max(coalesce(fraction, 0), coalesce(excluded.fraction, 0)),
    progress = excluded.progress, view = excluded.view, updated_at = excluded.updated_at
WHERE attempt <= excluded.attempt
