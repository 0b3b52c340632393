DELETE FROM job_standing_answers WHERE job_id = ?
