DELETE FROM ix_folder WHERE location_id = ?
