INSERT INTO job_questions (id, job_id, key, topic, question, choices, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?)
