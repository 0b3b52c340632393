INSERT INTO ix_arrival (entry_id, location_id) SELECT id, location_id FROM ix_entry WHERE id BETWEEN ? AND ?
