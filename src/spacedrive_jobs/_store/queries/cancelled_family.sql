-- The job and its descendants, as far as they are cancelled and have yet to tidy up; the way may lead through a child
-- that has ended.
WITH RECURSIVE family (id) AS (
    SELECT :id
    UNION SELECT j.id FROM family JOIN jobs AS j ON j.parent_id = family.id
    UNION SELECT h.id FROM family JOIN job_history AS h ON h.parent_id = family.id
)
SELECT j.id FROM family JOIN jobs AS j ON j.id = family.id WHERE j.status = 'queued' AND j.request = 'cancel'
