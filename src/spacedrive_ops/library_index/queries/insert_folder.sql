INSERT INTO ix_folder (entry_id, location_id, path) VALUES (?, ?, ?)
