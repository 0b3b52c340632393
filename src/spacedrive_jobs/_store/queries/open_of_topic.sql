SELECT id FROM job_questions WHERE job_id = ? AND topic = ? AND answer IS NULL
