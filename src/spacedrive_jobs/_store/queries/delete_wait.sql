DELETE FROM job_waits WHERE job_id = ? AND on_id = ?
