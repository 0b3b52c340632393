SELECT e.id, f.path, e.parent_id, e.name, l.path, e.size, e.mtime_ns, e.device, e.inode, e.links FROM ix_entry AS e
JOIN ix_location AS l ON l.id = e.location_id LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
WHERE e.content_id = ? AND e.id > ? AND e.kind = 1 AND e.parent_id > 0 ORDER BY e.id LIMIT ?
