UPDATE ix_location SET root_id = ?, device = ?, inode = ?, filesystem = ?, state = ?, rules = ?, volume = ? WHERE id = ?
