-- The deadlines of running jobs are watched by their runners.
SELECT min(at) FROM (
    SELECT min(due_at) AS at FROM jobs WHERE due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT deadline_at FROM jobs WHERE deadline_at IS NOT NULL AND status IN ('queued', 'paused')
            ORDER BY deadline_at LIMIT 1)
    UNION ALL
    SELECT (SELECT next_at FROM schedules WHERE ?1 AND next_at IS NOT NULL AND paused = 0 ORDER BY next_at LIMIT 1)
)
