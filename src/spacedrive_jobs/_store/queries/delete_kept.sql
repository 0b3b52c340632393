DELETE FROM job_kept WHERE job_id = ?
