-- Files of a size that others have too, and whose content is not known: what may be duplicates. In whole locations.
SELECT e.id, f.path, e.parent_id, e.name, e.size, e.mtime_ns, l.path FROM ix_entry AS e
JOIN ix_location AS l ON l.id = e.location_id LEFT JOIN ix_folder AS f ON f.entry_id = e.parent_id
WHERE e.id > ?1 AND e.kind = 1 AND e.parent_id > 0 AND e.content_id IS NULL AND e.size >= ?2 AND e.size IN (
    SELECT size FROM ix_entry WHERE kind = 1 AND parent_id > 0 AND size >= ?2 GROUP BY size HAVING count(*) > 1
) ORDER BY e.id LIMIT ?3
