DELETE FROM job_steps WHERE job_id = ?
