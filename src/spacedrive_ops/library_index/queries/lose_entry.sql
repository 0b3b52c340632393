UPDATE ix_entry SET parent_id = -id WHERE id = ?
