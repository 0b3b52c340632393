-- Hard links to one file waste nothing: what counts is how many files there are, not how many names.
SELECT c.digest, c.size, count(DISTINCT e.device || ':' || e.inode) AS copies
FROM ix_entry AS e JOIN ix_content AS c ON c.id = e.content_id
WHERE e.content_id IN (
    SELECT content_id FROM ix_entry WHERE content_id IS NOT NULL AND parent_id > 0 GROUP BY content_id HAVING count(*) > 1
) AND e.parent_id > 0 AND c.size >= ?1 AND (?3 = 0 OR e.location_id = ?3)
GROUP BY e.content_id HAVING copies > 1
ORDER BY c.size * (copies - 1) DESC, c.digest LIMIT ?2
