DELETE FROM ix_location WHERE id = ?
