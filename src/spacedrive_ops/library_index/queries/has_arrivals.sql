SELECT EXISTS (SELECT 1 FROM ix_arrival WHERE location_id = ?)
