DELETE FROM job_notes WHERE job_id = ?1
AND seq >= coalesce((SELECT notes_seq FROM job_checkpoints WHERE job_id = ?1), 0)
