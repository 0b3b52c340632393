-- The (kind, version, lane, priority) that have a job ready, by seeking from each to the next in jobs_ready_suspect: a million
-- queued jobs cost as much as one. (A row-value comparison would seek by kind alone and read every job of it.)
WITH RECURSIVE ready_kind (kind) AS (
    SELECT (SELECT kind FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0 ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (SELECT kind FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0
            AND kind > ready_kind.kind ORDER BY kind LIMIT 1)
    FROM ready_kind WHERE ready_kind.kind IS NOT NULL
), pair (kind, version) AS (
    SELECT kind, (SELECT version FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0
                  AND kind = ready_kind.kind ORDER BY version LIMIT 1)
    FROM ready_kind WHERE ready_kind.kind IS NOT NULL
    UNION ALL
    SELECT kind, (SELECT version FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0
                  AND kind = pair.kind AND version > pair.version ORDER BY version LIMIT 1)
    FROM pair WHERE pair.version IS NOT NULL
), triple (kind, version, lane) AS (
    SELECT kind, version, (SELECT lane FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0
                           AND kind = pair.kind AND version = pair.version ORDER BY lane LIMIT 1)
    FROM pair WHERE pair.version IS NOT NULL
    UNION ALL
    SELECT kind, version, (SELECT lane FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0
                           AND kind = triple.kind AND version = triple.version AND lane > triple.lane
                           ORDER BY lane LIMIT 1)
    FROM triple WHERE triple.lane IS NOT NULL
), level (kind, version, lane, priority) AS (
    SELECT kind, version, lane, (SELECT priority FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0
                                 AND kind = triple.kind AND version = triple.version AND lane = triple.lane
                                 ORDER BY priority DESC LIMIT 1)
    FROM triple WHERE triple.lane IS NOT NULL
    UNION ALL
    SELECT kind, version, lane, (SELECT priority FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0
                                 AND kind = level.kind AND version = level.version AND lane = level.lane
                                 AND priority < level.priority ORDER BY priority DESC LIMIT 1)
    FROM level WHERE level.priority IS NOT NULL
)
SELECT kind, version, lane, priority FROM level WHERE priority IS NOT NULL
