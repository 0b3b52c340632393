DELETE FROM ix_name WHERE rowid IN (SELECT id FROM ix_entry WHERE location_id = ?)
