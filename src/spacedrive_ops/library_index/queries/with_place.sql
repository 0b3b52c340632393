-- CROSS JOIN: first the media, by their index, then the files that hold them.
-- `?3 > ?4`: a box over the date line, where 180 degrees east meets 180 west.
SELECT e.id, l.path, f.path, e.parent_id, e.name, e.label, e.kind, e.category, e.size, e.mtime_ns, c.digest
FROM (
    SELECT digest, coalesce(taken_ms, 0) AS taken_ms FROM ix_media
    WHERE latitude BETWEEN ?1 AND ?2 AND ((?3 <= ?4 AND longitude BETWEEN ?3 AND ?4)
        OR (?3 > ?4 AND (longitude >= ?3 OR longitude <= ?4)))
) AS m
CROSS JOIN ix_content AS c ON c.digest = m.digest
CROSS JOIN ix_entry AS e ON e.content_id = c.id AND e.parent_id > 0
CROSS JOIN ix_location AS l ON l.id = e.location_id
LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
ORDER BY m.taken_ms DESC, e.id LIMIT ?5
