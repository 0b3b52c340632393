INSERT INTO job_notes (job_id, seq, at, level, message) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (job_id, seq) DO UPDATE SET at = excluded.at, level = excluded.level, message = excluded.message
