INSERT INTO job_written (job_id, bytes) VALUES (?, ?)
ON CONFLICT (job_id) DO UPDATE SET bytes = excluded.bytes
