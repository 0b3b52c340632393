DELETE FROM attempt_processes WHERE job_id = ? AND attempt = ?
