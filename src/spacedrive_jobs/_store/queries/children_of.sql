SELECT id FROM jobs WHERE parent_id = :id
UNION ALL SELECT id FROM job_history WHERE parent_id = :id ORDER BY id
