SELECT name FROM ix_entry WHERE parent_id = ? LIMIT 10000
