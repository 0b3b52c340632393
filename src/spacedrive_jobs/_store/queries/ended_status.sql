SELECT status, kind FROM job_history WHERE id = ?
