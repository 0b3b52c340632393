-- Unfinished descendants, nearest first; the way may lead through a child that has ended.
WITH RECURSIVE family (id, depth) AS (
    SELECT id, 1 FROM jobs WHERE parent_id = :id
    UNION SELECT id, 1 FROM job_history WHERE parent_id = :id
    UNION SELECT j.id, depth + 1 FROM family JOIN jobs AS j ON j.parent_id = family.id
    UNION SELECT h.id, depth + 1 FROM family JOIN job_history AS h ON h.parent_id = family.id
)
SELECT j.id, j.status, j.request, j.attempt, j.tidies, j.resumable, j.paused_with
FROM family JOIN jobs AS j ON j.id = family.id ORDER BY depth, j.position
