SELECT id, kind FROM ix_entry WHERE parent_id = ? AND name = ?
