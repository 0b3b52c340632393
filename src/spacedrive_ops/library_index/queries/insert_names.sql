-- For entries that are stored: their ids are consecutive.
INSERT INTO ix_name (rowid, name) SELECT id, coalesce(label, CAST(name AS TEXT)) FROM ix_entry WHERE id BETWEEN ? AND ?
