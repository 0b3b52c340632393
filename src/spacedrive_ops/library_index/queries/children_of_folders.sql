-- What lies in these folders and in those below them, the nearest first, as many folders as are asked for.
WITH RECURSIVE folder (id) AS (
    SELECT value FROM json_each(?1)
    UNION ALL
    SELECT e.id FROM folder JOIN ix_entry AS e ON e.parent_id = folder.id WHERE e.kind = 2
    LIMIT ?2
)
SELECT f.id, e.id, e.name, e.kind, e.size, e.mtime_ns, e.ctime_ns, e.device, e.inode, e.links, e.mode
FROM folder AS f LEFT JOIN ix_entry AS e ON e.parent_id = f.id
