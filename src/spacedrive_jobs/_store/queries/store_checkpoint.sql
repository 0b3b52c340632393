-- advanced_attempt moves only when the state differs from the stored one: a job that dies again and again at one spot
-- must not be saved by rewriting the same state. A NULL state keeps what is stored.
INSERT INTO job_checkpoints (job_id, attempt, advanced_attempt, version, checkpoint_data, metrics, items_seq, notes_seq,
                             state_seq, created_at)
VALUES (:job, :attempt, :attempt, :version, :state, :metrics, :items_seq, :notes_seq, :state_seq, :now)
ON CONFLICT (job_id) DO UPDATE SET
    advanced_attempt = CASE WHEN excluded.checkpoint_data IS NULL OR excluded.checkpoint_data = checkpoint_data
                            THEN advanced_attempt ELSE excluded.attempt END,
    checkpoint_data = coalesce(excluded.checkpoint_data, checkpoint_data),
    version = CASE WHEN excluded.checkpoint_data IS NULL THEN version ELSE excluded.version END,
    state_seq = CASE WHEN excluded.checkpoint_data IS NULL THEN state_seq ELSE excluded.state_seq END,
    attempt = excluded.attempt, metrics = coalesce(excluded.metrics, metrics), items_seq = excluded.items_seq,
    notes_seq = excluded.notes_seq, created_at = excluded.created_at
