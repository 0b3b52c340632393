SELECT e.size, e.mtime_ns, e.ctime_ns, e.inode, c.digest FROM ix_entry AS e JOIN ix_content AS c ON c.id = e.content_id
WHERE e.parent_id = ? AND e.name = ? AND e.kind = 1
