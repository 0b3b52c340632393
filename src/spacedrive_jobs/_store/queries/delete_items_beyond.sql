-- Rows of work that the new attempt repeats: what was stored after the checkpoint it starts from.
DELETE FROM job_items WHERE job_id = ?1
AND seq >= coalesce((SELECT items_seq FROM job_checkpoints WHERE job_id = ?1), 0)
