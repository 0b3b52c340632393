INSERT INTO job_standing_answers (job_id, topic, answer)
SELECT :new, topic, answer FROM job_standing_answers WHERE job_id = :old
