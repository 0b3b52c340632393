SELECT answer FROM job_standing_answers WHERE job_id = ? AND topic = ?
