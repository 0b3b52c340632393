SELECT kind, status, count(*) FROM jobs GROUP BY kind, status
UNION ALL SELECT kind, status, count(*) FROM job_history GROUP BY kind, status
