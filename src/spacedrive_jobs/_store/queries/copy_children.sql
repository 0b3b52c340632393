INSERT INTO job_children (parent_id, key, child_id, errors)
SELECT :new, c.key, c.child_id, 0 FROM job_children AS c JOIN job_history AS h ON h.id = c.child_id
WHERE c.parent_id = :old AND h.status = 'completed'
