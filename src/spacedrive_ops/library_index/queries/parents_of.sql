-- From the entry up to the root of its location.
WITH RECURSIVE up (id, parent_id, name, depth) AS (
    SELECT id, parent_id, name, 0 FROM ix_entry WHERE id = ?
    UNION ALL
    SELECT e.id, e.parent_id, e.name, up.depth + 1 FROM up JOIN ix_entry AS e ON e.id = up.parent_id
)
SELECT id, name FROM up ORDER BY depth
