SELECT count(*), coalesce(sum(size > ?3), 0) FROM ix_entry
WHERE kind = 1 AND parent_id > 0 AND content_id IS NULL AND size >= ?1 AND (?2 = 0 OR location_id = ?2)
