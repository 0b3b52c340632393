SELECT e.parent_id, sum(e.size), count(*) FROM ix_folder AS f JOIN ix_entry AS e ON e.parent_id = f.entry_id
WHERE f.location_id = ? AND e.kind = 1 GROUP BY e.parent_id
