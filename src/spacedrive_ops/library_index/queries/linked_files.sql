-- Every name but the first of a file with several hard links.
SELECT e.parent_id, e.size FROM ix_entry AS e JOIN (
    SELECT device, inode, min(id) AS first FROM ix_entry WHERE kind = 1 AND links > 1 AND location_id = ?1
    GROUP BY device, inode HAVING count(*) > 1
) AS g ON e.device = g.device AND e.inode = g.inode AND e.id <> g.first
WHERE e.kind = 1 AND e.links > 1 AND e.location_id = ?1
