DELETE FROM job_statistics WHERE hours = 1 AND start >= ?1 AND start < ?1 + 86400000
