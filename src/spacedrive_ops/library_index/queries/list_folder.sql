SELECT e.id, l.path, f.path, e.parent_id, e.name, e.label, e.kind, e.category, coalesce(d.total_bytes, e.size), e.mtime_ns, c.digest
FROM ix_entry AS e
JOIN ix_location AS l ON l.id = e.location_id
LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
LEFT JOIN ix_folder AS d ON d.entry_id = e.id
LEFT JOIN ix_content AS c ON c.id = e.content_id
WHERE e.parent_id = ?1 AND e.name > ?2 ORDER BY e.name LIMIT ?3
