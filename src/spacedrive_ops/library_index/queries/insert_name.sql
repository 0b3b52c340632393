INSERT INTO ix_name (rowid, name) VALUES (?, ?)
