INSERT INTO ix_location (path) VALUES (?) RETURNING id
