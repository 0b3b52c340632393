SELECT status FROM job_history WHERE id = ?
