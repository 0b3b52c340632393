SELECT kind, version, status, count(*), min(created_at) FROM jobs GROUP BY kind, version, status ORDER BY kind, version
