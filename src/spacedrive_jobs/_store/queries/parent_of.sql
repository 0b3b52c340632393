SELECT parent_id FROM jobs WHERE id = :id
UNION ALL SELECT parent_id FROM job_history WHERE id = :id
