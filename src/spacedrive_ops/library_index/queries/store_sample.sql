INSERT INTO ix_sample (entry_id, size, mtime_ns, sample) VALUES (?, ?, ?, ?)
ON CONFLICT (entry_id) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, sample = excluded.sample
