SELECT verb, result FROM job_steps WHERE job_id = ? AND key = ?
