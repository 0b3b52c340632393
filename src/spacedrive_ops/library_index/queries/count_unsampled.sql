-- As unsampled_files.
SELECT count(*) FROM ix_entry AS e
WHERE e.kind = 1 AND e.parent_id > 0 AND e.size > ?3 AND (?2 = 0 OR e.location_id = ?2)
AND NOT EXISTS (SELECT 1 FROM ix_sample AS s WHERE s.entry_id = e.id AND s.size = e.size AND s.mtime_ns = e.mtime_ns)
AND e.size IN (
    SELECT size FROM ix_entry
    WHERE kind = 1 AND parent_id > 0 AND size >= ?1 AND (?2 = 0 OR location_id = ?2) GROUP BY size
    HAVING count(*) > 1 AND count(content_id) < count(*) AND (min(inode) < max(inode) OR min(device) < max(device))
)
