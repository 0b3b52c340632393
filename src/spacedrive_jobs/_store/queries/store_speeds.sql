-- A late writer of an earlier attempt must not replace what a later one knows.
INSERT INTO job_speeds (job_id, attempt, spans) VALUES (?, ?, ?)
ON CONFLICT (job_id) DO UPDATE SET attempt = excluded.attempt, spans = excluded.spans WHERE attempt <= excluded.attempt
