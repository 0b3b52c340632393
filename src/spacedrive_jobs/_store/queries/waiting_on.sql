SELECT job_id, policy FROM job_waits WHERE on_id = ?
