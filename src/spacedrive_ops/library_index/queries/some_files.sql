-- Some files of a location, from all over it: always the same ones while nothing changes.
SELECT f.path, e.name, e.size, e.mtime_ns, e.inode
FROM ix_entry AS e JOIN ix_folder AS f ON f.entry_id = e.parent_id
WHERE e.location_id = ?1 AND e.kind = 1 AND f.path IS NOT NULL
ORDER BY (e.id * 2654435761) & 4294967295
LIMIT ?2
