SELECT e.id, l.path, f.path, e.parent_id, e.name, e.label, e.kind, e.category, coalesce(d.total_bytes, e.size), e.mtime_ns, c.digest
FROM ix_entry AS e
JOIN ix_location AS l ON l.id = e.location_id
LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
LEFT JOIN ix_folder AS d ON d.entry_id = e.id
LEFT JOIN ix_content AS c ON c.id = e.content_id
WHERE e.content_id = (SELECT id FROM ix_content WHERE digest = ?1) AND e.parent_id > 0 AND (?3 = 0 OR e.location_id = ?3)
ORDER BY e.mtime_ns, e.id LIMIT ?2
