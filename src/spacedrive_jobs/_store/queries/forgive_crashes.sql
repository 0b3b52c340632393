-- The attempt before had got further, as a state beside rows now tells: of its crashes only the last one counts.
UPDATE jobs SET crashes = 1 WHERE id = ?1 AND crashes > 1
    AND EXISTS (SELECT 1 FROM job_checkpoints WHERE job_id = ?1 AND advanced_attempt = ?2)
