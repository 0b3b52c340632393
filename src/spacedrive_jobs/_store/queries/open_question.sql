SELECT q.id, q.job_id, q.topic, q.choices FROM job_questions AS q
WHERE q.id = ? AND q.answer IS NULL AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = q.job_id)
