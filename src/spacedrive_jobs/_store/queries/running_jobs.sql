-- What takes part in limits and resources: a job that yields takes none until it wants its place back (2).
SELECT j.id, j.kind, j.lane, j.yielding, j.position, j.priority, coalesce(w.bytes, 0)
FROM jobs AS j LEFT JOIN job_written AS w ON w.job_id = j.id WHERE j.runner IS NOT NULL
