SELECT status FROM jobs WHERE id = :id UNION ALL SELECT status FROM job_history WHERE id = :id
