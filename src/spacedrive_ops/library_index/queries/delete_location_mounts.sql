DELETE FROM ix_mount WHERE location_id = ?
