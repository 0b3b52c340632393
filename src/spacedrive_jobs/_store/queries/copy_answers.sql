INSERT INTO job_questions (id, job_id, key, topic, question, choices, asked_at, answer, answered_at, answered_by)
SELECT randomblob(16), :new, key, topic, question, choices, asked_at, answer, answered_at, answered_by
FROM job_questions WHERE job_id = :old AND answer IS NOT NULL
