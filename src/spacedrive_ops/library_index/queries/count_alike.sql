SELECT count(*), coalesce(sum(size), 0) FROM ix_entry
WHERE kind = 1 AND parent_id > 0 AND content_id IS NULL AND size >= ?1 AND size IN (
    SELECT size FROM ix_entry WHERE kind = 1 AND parent_id > 0 AND size >= ?1 GROUP BY size HAVING count(*) > 1
)
