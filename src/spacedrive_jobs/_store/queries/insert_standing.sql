INSERT INTO job_standing_answers (job_id, topic, answer) VALUES (?, ?, ?)
ON CONFLICT (job_id, topic) DO UPDATE SET answer = excluded.answer
