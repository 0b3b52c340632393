-- What lies in these folders, folder by folder.
SELECT f.value, e.id, e.name, e.kind, e.size, e.mtime_ns, e.ctime_ns, e.device, e.inode, e.links, e.mode
FROM json_each(?1) AS f LEFT JOIN ix_entry AS e ON e.parent_id = f.value
