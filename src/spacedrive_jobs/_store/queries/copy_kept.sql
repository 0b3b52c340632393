INSERT INTO job_kept (job_id, key, value) SELECT :new, key, value FROM job_kept WHERE job_id = :old
