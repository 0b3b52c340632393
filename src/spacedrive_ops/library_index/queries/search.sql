-- The best matches first; of equally good ones the newest.
SELECT e.id, l.path, f.path, e.parent_id, e.name, e.label, e.kind, e.category, coalesce(d.total_bytes, e.size), e.mtime_ns, c.digest
FROM (SELECT rowid AS id, rank FROM ix_name WHERE ix_name MATCH ?1 ORDER BY rank LIMIT ?2) AS m
JOIN ix_entry AS e ON e.id = m.id
JOIN ix_location AS l ON l.id = e.location_id
LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
LEFT JOIN ix_folder AS d ON d.entry_id = e.id
LEFT JOIN ix_content AS c ON c.id = e.content_id
WHERE e.parent_id > 0
ORDER BY m.rank, e.mtime_ns DESC
