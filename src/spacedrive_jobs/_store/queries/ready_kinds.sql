-- The (kind, version) pairs that have a job ready, by seeking from one kind to the next and from one version to the
-- next in jobs_ready: a million queued jobs cost as much as one. (A row-value comparison of the pair would seek by
-- kind alone and read every job of it.)
WITH RECURSIVE ready_kind (kind) AS (
    SELECT (SELECT kind FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes = 0 ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (SELECT kind FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes = 0 AND kind > ready_kind.kind
            ORDER BY kind LIMIT 1)
    FROM ready_kind WHERE ready_kind.kind IS NOT NULL
), pair (kind, version) AS (
    SELECT kind, (SELECT version FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes = 0
                  AND kind = ready_kind.kind ORDER BY version LIMIT 1)
    FROM ready_kind WHERE ready_kind.kind IS NOT NULL
    UNION ALL
    SELECT kind, (SELECT version FROM jobs WHERE status = 'queued' AND due_at IS NULL AND crashes = 0
                  AND kind = pair.kind AND version > pair.version ORDER BY version LIMIT 1)
    FROM pair WHERE pair.version IS NOT NULL
)
SELECT kind, version FROM pair WHERE version IS NOT NULL
