INSERT INTO job_items (job_id, seq, outcome, item, reason) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (job_id, seq) DO UPDATE SET outcome = excluded.outcome, item = excluded.item, reason = excluded.reason
