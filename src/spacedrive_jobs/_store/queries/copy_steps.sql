INSERT INTO job_steps (job_id, key, verb, result)
SELECT :new, key, verb, result FROM job_steps WHERE job_id = :old
