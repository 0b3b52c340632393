DELETE FROM job_questions WHERE job_id = ?
