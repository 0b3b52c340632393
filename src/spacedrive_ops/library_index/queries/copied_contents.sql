-- Contents that more than one entry has, from one on. In the order of ix_entry_content.
SELECT e.content_id FROM ix_entry AS e JOIN ix_content AS c ON c.id = e.content_id
WHERE e.content_id >= ?1 AND e.parent_id > 0 AND c.size >= ?2
GROUP BY e.content_id HAVING count(*) > 1 ORDER BY e.content_id LIMIT ?3
