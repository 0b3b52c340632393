SELECT seq, at, level, message FROM job_notes WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?
