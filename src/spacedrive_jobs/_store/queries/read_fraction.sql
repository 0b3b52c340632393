SELECT fraction FROM job_progress WHERE job_id = ?
