SELECT id, path, root_id, device, inode, filesystem, state, complete, indexed_at, rules, volume FROM ix_location ORDER BY path
