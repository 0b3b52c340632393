-- What the statistics count of an unfinished job, before it is moved to the history.
SELECT j.kind, j.attempt, j.created_at, j.started_at, j.claimed_at, j.ran_ms, j.errors, j.deaths, c.metrics
FROM jobs AS j LEFT JOIN job_checkpoints AS c ON c.job_id = j.id WHERE j.id = ?
