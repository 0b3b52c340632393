DELETE FROM ix_arrival WHERE location_id = ?
