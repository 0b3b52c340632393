INSERT INTO job_checkpoints (job_id, attempt, advanced_attempt, version, checkpoint_data, metrics, items_seq, notes_seq,
                             created_at)
SELECT :new, 0, 0, version, checkpoint_data, NULL, items_seq, 0, created_at FROM job_checkpoints WHERE job_id = :old
