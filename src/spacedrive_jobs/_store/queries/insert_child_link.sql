INSERT INTO job_children (parent_id, key, child_id, errors) VALUES (?, ?, ?, ?)
ON CONFLICT (parent_id, key) DO UPDATE SET child_id = excluded.child_id, errors = excluded.errors
