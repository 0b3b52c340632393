INSERT INTO ix_sidecar (digest, kind, variant, state, path, bytes, reason, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (digest, kind, variant) DO UPDATE SET state = excluded.state, path = excluded.path, bytes = excluded.bytes,
    reason = excluded.reason, made_at = excluded.made_at
