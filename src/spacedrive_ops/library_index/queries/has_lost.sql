SELECT EXISTS (SELECT 1 FROM ix_entry WHERE parent_id < 0 AND location_id = ?)
