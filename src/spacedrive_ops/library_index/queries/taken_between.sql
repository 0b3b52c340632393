-- CROSS JOIN: first the media, by their index, then the files that hold them.
-- Those that tell their zone by UTC, the others by what their clocks said; each by its own range of one index.
SELECT e.id, l.path, f.path, e.parent_id, e.name, e.label, e.kind, e.category, e.size, e.mtime_ns, c.digest
FROM (
    SELECT digest, taken_ms FROM ix_media WHERE taken_zoned = 1 AND taken_ms >= ?1 AND taken_ms < ?2
    UNION ALL
    SELECT digest, taken_ms - ?5 FROM ix_media WHERE taken_zoned = 0 AND taken_ms >= ?3 AND taken_ms < ?4
) AS m
CROSS JOIN ix_content AS c ON c.digest = m.digest
CROSS JOIN ix_entry AS e ON e.content_id = c.id AND e.parent_id > 0
CROSS JOIN ix_location AS l ON l.id = e.location_id
LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
ORDER BY m.taken_ms, e.id LIMIT ?6
