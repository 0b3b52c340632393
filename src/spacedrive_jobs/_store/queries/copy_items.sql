-- What is in order stays so; the failed ones are what is tried again. The many that were fine are not copied: a million
-- rows in one transaction would hold every writer up, and they stand in the list of the job before.
INSERT INTO job_items (job_id, seq, outcome, item, reason)
SELECT :new, seq, outcome, item, reason FROM job_items
WHERE job_id = :old AND outcome IN ('skipped', 'warning')
  AND seq < (SELECT items_seq FROM job_checkpoints WHERE job_id = :old)
