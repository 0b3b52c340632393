SELECT advanced_attempt FROM job_checkpoints WHERE job_id = ?
