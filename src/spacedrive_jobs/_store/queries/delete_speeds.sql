DELETE FROM job_speeds WHERE job_id = ?
