-- The (kind, version) pairs that have a job ready, by seeking from one pair to the next in jobs_ready_suspect: a million
-- queued jobs cost as much as one.
WITH RECURSIVE pair (kind, version) AS (
    SELECT (SELECT kind FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes > 0
            ORDER BY kind, version LIMIT 1),
           (SELECT version FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes > 0
            ORDER BY kind, version LIMIT 1)
    UNION ALL
    SELECT (SELECT kind FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes > 0
            AND (kind, version) > (pair.kind, pair.version) ORDER BY kind, version LIMIT 1),
           (SELECT version FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes > 0
            AND (kind, version) > (pair.kind, pair.version) ORDER BY kind, version LIMIT 1)
    FROM pair WHERE pair.kind IS NOT NULL
)
SELECT kind, version FROM pair WHERE kind IS NOT NULL
