SELECT e.id, f.path, e.parent_id, e.name, e.size, e.mtime_ns, e.inode FROM ix_entry AS e LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
WHERE e.location_id = ? AND e.id > ? AND e.kind = 1 AND e.content_id IS NULL ORDER BY e.id LIMIT ?
