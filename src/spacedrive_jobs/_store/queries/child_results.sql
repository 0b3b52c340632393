-- The children by which a parent goes on: one a key, so that a child that was spawned afresh counts and not its forerunner.
SELECT c.child_id FROM job_children AS c WHERE c.parent_id = :parent AND c.child_id > :after
ORDER BY c.child_id LIMIT :limit
