SELECT count(*), coalesce(sum(copies - 1), 0), coalesce(sum(size * (copies - 1)), 0) FROM (
    SELECT c.size AS size, count(DISTINCT e.device || ':' || e.inode) AS copies
    FROM ix_entry AS e JOIN ix_content AS c ON c.id = e.content_id
    WHERE e.parent_id > 0 AND c.size >= ?1 AND (?2 = 0 OR e.location_id = ?2) GROUP BY e.content_id HAVING copies > 1
)
