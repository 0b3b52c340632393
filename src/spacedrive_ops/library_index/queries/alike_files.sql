-- Files whose content is not known, of which another has the size and, over a certain size, the ends: what may be
-- duplicates. In whole locations.
SELECT e.id, f.path, e.parent_id, e.name, e.size, e.mtime_ns, e.inode, l.path FROM ix_entry AS e
JOIN ix_location AS l ON l.id = e.location_id LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
WHERE e.kind = 1 AND e.parent_id > 0 AND e.content_id IS NULL AND (?3 = 0 OR e.location_id = ?3) AND (
    e.size <= ?4 AND e.size IN (
        SELECT size FROM ix_entry
        WHERE kind = 1 AND parent_id > 0 AND size >= ?2 AND (?3 = 0 OR location_id = ?3) GROUP BY size
        HAVING count(*) > 1 AND count(content_id) < count(*) AND (min(inode) < max(inode) OR min(device) < max(device))
    )
    OR e.id IN (
        WITH known AS (
            SELECT x.id, x.device, x.inode, s.sample FROM ix_sample AS s
            JOIN ix_entry AS x ON x.id = s.entry_id AND x.size = s.size AND x.mtime_ns = s.mtime_ns
            WHERE x.kind = 1 AND x.parent_id > 0 AND x.size >= ?2 AND (?3 = 0 OR x.location_id = ?3)
        )
        SELECT id FROM known WHERE sample IN (
            SELECT sample FROM known GROUP BY sample HAVING min(inode) < max(inode) OR min(device) < max(device)
        )
    )
)
AND e.id > ?1 ORDER BY e.id LIMIT ?5
