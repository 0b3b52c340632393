SELECT progress, view FROM job_progress WHERE job_id = ?
