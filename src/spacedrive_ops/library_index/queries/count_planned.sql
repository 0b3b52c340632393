SELECT count(*), coalesce(sum(doomed_size), 0) FROM ix_plan WHERE job = ? AND state IS NULL
