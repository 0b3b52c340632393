DELETE FROM ix_plan WHERE job = ?1 AND NOT (?2 AND state IS 'failed')
