-- What was done or skipped stays behind.
UPDATE ix_plan SET job = ?1, state = NULL WHERE job = ?2 AND (state IS NULL OR state = 'failed')
