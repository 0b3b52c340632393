SELECT id, job_id, key, topic, question, choices, asked_at, answer, answered_at, answered_by FROM job_questions AS q
WHERE (:job IS NULL OR job_id = :job) AND id > :after
  AND (NOT :open OR (answer IS NULL AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = q.job_id)))
ORDER BY id LIMIT :limit
