INSERT INTO job_waits (job_id, on_id, policy) VALUES (?, ?, ?)
ON CONFLICT (job_id, on_id) DO UPDATE SET policy = 'cancel' WHERE excluded.policy = 'cancel'
