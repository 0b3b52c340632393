SELECT 1 FROM job_children AS c JOIN jobs AS j ON j.id = c.child_id WHERE c.parent_id = ? LIMIT 1
