SELECT spans FROM job_speeds WHERE job_id = ?
