DELETE FROM ix_entry WHERE location_id = ?
