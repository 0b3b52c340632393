DELETE FROM job_statistics WHERE hours = 24 AND start < ?
