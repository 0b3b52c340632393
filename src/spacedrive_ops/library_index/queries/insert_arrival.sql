INSERT INTO ix_arrival (entry_id, location_id) VALUES (?, ?)
