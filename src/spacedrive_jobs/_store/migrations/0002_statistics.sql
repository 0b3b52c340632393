-- Statistics that outlive rows: what a kind's jobs came to in each hour, later in each day.

-- `claimed_at`: when the attempt that runs now began. `ran_ms`: how long those before it ran. `deaths`: how many of them
-- ended with their process; unlike `crashes` it is never set back.
ALTER TABLE jobs ADD COLUMN claimed_at INTEGER;
ALTER TABLE jobs ADD COLUMN ran_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET claimed_at = changed_at WHERE status = 'running';
UPDATE jobs SET deaths = (SELECT count(*) FROM job_attempts WHERE job_id = id AND outcome = 'crashed') WHERE attempt > 0;

-- One row for all jobs of a kind that ended in the same span, in the same status, after about the same wait and run.
-- `wait` and `run` number buckets of a logarithmic scale: bucket n is from 2^((n-1)/2) ms, exclusive, to 2^(n/2) ms,
-- inclusive; 0 is up to 1 ms; -1 is a job that never ran. One table, no other index: a commit adds what ended in it to a
-- few rows that lie next to each other.
CREATE TABLE job_statistics (
    hours    INTEGER NOT NULL CHECK (hours IN (1, 24)),
    start    INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    status   TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled')),
    wait     INTEGER NOT NULL CHECK (wait >= -1),
    run      INTEGER NOT NULL CHECK (run >= -1),
    jobs     INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    errors   INTEGER NOT NULL,
    retries  INTEGER NOT NULL,
    deaths   INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    items    INTEGER NOT NULL,
    wait_ms  INTEGER NOT NULL,
    run_ms   INTEGER NOT NULL,
    PRIMARY KEY (hours, start, kind, status, wait, run),
    CONSTRAINT what_never_ran_has_neither CHECK ((wait = -1) = (run = -1))
) STRICT, WITHOUT ROWID;

-- What has ended before this table was there. `bucket` and `metric` are functions of the connection that migrates: the
-- scale above, and one counter of encoded metrics. Of the time that a job ran only its first start and its end are known.
INSERT INTO job_statistics
SELECT 1, finished_at - finished_at % 3600000, kind, status,
       iif(started_at IS NULL, -1, bucket(started_at - created_at)), iif(started_at IS NULL, -1, bucket(duration_ms)),
       count(*), sum(attempt), sum(errors), sum(errors - (status = 'failed' AND errors > 0)),
       sum((SELECT count(*) FROM job_attempts WHERE job_id = id AND outcome = 'crashed') + (error_type IS 'WorkerDied')),
       sum(metric(metrics, 'bytes_processed')), sum(metric(metrics, 'items_processed')),
       sum(iif(started_at IS NULL, 0, max(0, started_at - created_at))), sum(max(0, coalesce(duration_ms, 0)))
FROM job_history GROUP BY 2, 3, 4, 5, 6;
