SELECT attempt, version, checkpoint_data, metrics, items_seq, notes_seq, state_seq FROM job_checkpoints WHERE job_id = ?
