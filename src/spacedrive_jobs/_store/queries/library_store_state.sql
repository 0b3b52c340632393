INSERT INTO sd_state (job, seq, version, state, metrics, items_seq, notes_seq)
VALUES (:job, :seq, :version, :state, :metrics, :items_seq, :notes_seq)
ON CONFLICT (job) DO UPDATE SET
    seq = excluded.seq, version = excluded.version, state = excluded.state, metrics = excluded.metrics,
    items_seq = excluded.items_seq, notes_seq = excluded.notes_seq
WHERE excluded.seq > seq
