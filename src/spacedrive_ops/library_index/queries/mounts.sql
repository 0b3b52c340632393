SELECT path, kind, volume FROM ix_mount WHERE location_id = ?
