SELECT min(start) FROM job_statistics WHERE hours = 1 AND start < ?
