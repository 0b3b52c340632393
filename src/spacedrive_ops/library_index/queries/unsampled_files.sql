-- Files of a size that another file has too, where not all are known to the last byte. In whole locations.
SELECT e.id, f.path, e.parent_id, e.name, e.size, e.mtime_ns, e.inode, l.path FROM ix_entry AS e
JOIN ix_location AS l ON l.id = e.location_id LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
WHERE e.kind = 1 AND e.parent_id > 0 AND e.size > ?4 AND (?3 = 0 OR e.location_id = ?3)
AND NOT EXISTS (SELECT 1 FROM ix_sample AS s WHERE s.entry_id = e.id AND s.size = e.size AND s.mtime_ns = e.mtime_ns)
AND e.size IN (
    SELECT size FROM ix_entry
    WHERE kind = 1 AND parent_id > 0 AND size >= ?2 AND (?3 = 0 OR location_id = ?3) GROUP BY size
    HAVING count(*) > 1 AND count(content_id) < count(*) AND (min(inode) < max(inode) OR min(device) < max(device))
)
AND e.id > ?1 ORDER BY e.id LIMIT ?5
