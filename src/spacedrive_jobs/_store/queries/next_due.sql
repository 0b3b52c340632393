SELECT min(at) FROM (
    SELECT min(due_at) AS at FROM jobs WHERE due_at IS NOT NULL
    UNION ALL SELECT min(deadline_at) FROM jobs WHERE deadline_at IS NOT NULL AND deadline_at > ?
)
