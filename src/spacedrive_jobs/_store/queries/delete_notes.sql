DELETE FROM job_notes WHERE job_id = ?
