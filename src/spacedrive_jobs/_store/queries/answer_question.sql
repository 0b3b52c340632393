UPDATE job_questions SET answer = :answer, answered_at = :at, answered_by = :by WHERE id = :id AND answer IS NULL
