-- Of the latest events; order is by `seq`, so an older one may bear a later time.
SELECT max(at) FROM (SELECT at FROM job_events ORDER BY seq DESC LIMIT 1000)
