SELECT id, name, size, mtime_ns, inode FROM ix_entry WHERE parent_id = ? AND kind = 1
