DELETE FROM job_history WHERE id = ?
