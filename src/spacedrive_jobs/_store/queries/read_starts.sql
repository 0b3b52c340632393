SELECT at FROM job_starts WHERE kind = ? ORDER BY at
