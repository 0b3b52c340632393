INSERT INTO ix_mount (location_id, path, kind, volume) VALUES (?, ?, ?, ?)
