-- These folders and those below them in the order in which the walk will come to them, as many as are asked for: of each
-- the fingerprint of what lies in it, and its subfolders.
WITH RECURSIVE folder (id, depth, name) AS (
    SELECT a.value, 0, a.key FROM json_each(?1) AS a
    UNION ALL
    SELECT e.id, folder.depth + 1, e.name FROM folder JOIN ix_entry AS e ON e.parent_id = folder.id WHERE e.kind = 2
    ORDER BY 2 DESC, 3
    LIMIT ?2
)
SELECT folder.id, f.fingerprint, e.id, e.name FROM folder
LEFT JOIN ix_folder AS f ON f.entry_id = folder.id
LEFT JOIN ix_entry AS e ON e.parent_id = folder.id AND e.kind = 2
ORDER BY folder.id, e.name
