DELETE FROM job_starts WHERE kind = ? AND at <= ?
