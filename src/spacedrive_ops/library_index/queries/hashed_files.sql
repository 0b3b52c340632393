SELECT e.id, f.path, e.parent_id, e.name, e.size, e.mtime_ns, e.inode, c.digest FROM ix_entry AS e
JOIN ix_content AS c ON c.id = e.content_id LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
WHERE e.location_id = ? AND e.id > ? AND e.kind = 1 ORDER BY e.id LIMIT ?
