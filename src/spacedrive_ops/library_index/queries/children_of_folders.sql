SELECT parent_id, id, name, kind, size, mtime_ns, ctime_ns, device, inode, links, mode FROM ix_entry
WHERE parent_id IN (SELECT value FROM json_each(?))
