-- As alike_files.
SELECT count(*), coalesce(sum(e.size), 0) FROM ix_entry AS e
WHERE e.kind = 1 AND e.parent_id > 0 AND e.content_id IS NULL AND (?2 = 0 OR e.location_id = ?2) AND (
    e.size <= ?3 AND e.size IN (
        SELECT size FROM ix_entry
        WHERE kind = 1 AND parent_id > 0 AND size >= ?1 AND (?2 = 0 OR location_id = ?2) GROUP BY size
        HAVING count(*) > 1 AND count(content_id) < count(*) AND (min(inode) < max(inode) OR min(device) < max(device))
    )
    OR e.id IN (
        WITH known AS (
            SELECT x.id, x.device, x.inode, s.sample FROM ix_sample AS s
            JOIN ix_entry AS x ON x.id = s.entry_id AND x.size = s.size AND x.mtime_ns = s.mtime_ns
            WHERE x.kind = 1 AND x.parent_id > 0 AND x.size >= ?1 AND (?2 = 0 OR x.location_id = ?2)
        )
        SELECT id FROM known WHERE sample IN (
            SELECT sample FROM known GROUP BY sample HAVING min(inode) < max(inode) OR min(device) < max(device)
        )
    )
)
