SELECT value FROM job_kept WHERE job_id = ? AND key = ?
