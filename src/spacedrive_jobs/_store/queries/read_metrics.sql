SELECT metrics FROM job_checkpoints WHERE job_id = ?
