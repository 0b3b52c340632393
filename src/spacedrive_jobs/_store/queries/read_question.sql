SELECT id, answer FROM job_questions WHERE job_id = ? AND key = ?
