SELECT status, count(*) FROM jobs GROUP BY status
UNION ALL SELECT status, count(*) FROM job_history GROUP BY status
