-- Folders of a location by their ids, a page of them.
SELECT f.entry_id, f.path, e.mtime_ns, e.ctime_ns, e.inode FROM ix_folder AS f JOIN ix_entry AS e ON e.id = f.entry_id
WHERE f.location_id = ?1 AND f.entry_id > ?2 ORDER BY f.entry_id LIMIT ?3
