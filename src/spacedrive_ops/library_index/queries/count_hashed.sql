SELECT count(*), coalesce(sum(size), 0) FROM ix_entry WHERE location_id = ? AND kind = 1 AND content_id IS NOT NULL
