SELECT f.entry_id, e.parent_id, f.total_bytes, f.files, f.folders FROM ix_folder AS f JOIN ix_entry AS e ON e.id = f.entry_id
WHERE f.location_id = ?
