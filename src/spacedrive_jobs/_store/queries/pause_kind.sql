INSERT INTO paused_kinds (kind, at, reason) VALUES (?, ?, ?) ON CONFLICT (kind) DO UPDATE SET reason = excluded.reason
