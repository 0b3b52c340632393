SELECT on_id, policy FROM job_waits WHERE job_id = ?
