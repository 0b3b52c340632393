-- Statistics that outlive rows: what a kind's jobs came to in each hour, later in each day.

-- `claimed_at`: when the attempt that runs now began. `ran_ms`: how long those before it ran. `deaths`: how many of them
-- ended with their process; unlike `crashes` it is never set back.
ALTER TABLE jobs ADD COLUMN claimed_at INTEGER;
ALTER TABLE jobs ADD COLUMN ran_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET claimed_at = changed_at WHERE status = 'running';
UPDATE jobs SET deaths = (SELECT count(*) FROM job_attempts WHERE job_id = id AND outcome = 'crashed') WHERE attempt > 0;

-- `retries`: how many errors were followed by another attempt.
ALTER TABLE job_history ADD COLUMN ran_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_history ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_history ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_history ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_history ADD COLUMN items INTEGER NOT NULL DEFAULT 0;

-- `metric` is a function of the connection that migrates: a counter of the encoded metrics.
UPDATE job_history SET ran_ms = coalesce(duration_ms, 0),
                       retries = errors - (status = 'failed' AND errors > 0),
                       deaths = (SELECT count(*) FROM job_attempts WHERE job_id = id AND outcome = 'crashed')
                                + (error_type IS 'WorkerDied'),
                       bytes = metric(metrics, 'bytes_processed'),
                       items = metric(metrics, 'items_processed');

-- One row for all jobs of a kind that ended in the same span, in the same status, after about the same wait and run.
-- `wait` and `run` number buckets of a logarithmic scale: bucket n is from 2^((n-1)/2) ms, exclusive, to 2^(n/2) ms,
-- inclusive; 0 is up to 1 ms; -1 is a job that never ran. One table, no other index: an end adds to one row, and the
-- rows of the present are few and next to each other.
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

INSERT INTO job_statistics
SELECT 1, finished_at - finished_at % 3600000, kind, status,
       iif(started_at IS NULL, -1, CAST(ceil(2 * log2(max(1, started_at - created_at))) AS INTEGER)),
       iif(started_at IS NULL, -1, CAST(ceil(2 * log2(max(1, ran_ms))) AS INTEGER)),
       count(*), sum(attempt), sum(errors), sum(retries), sum(deaths), sum(bytes), sum(items),
       sum(iif(started_at IS NULL, 0, max(0, started_at - created_at))), sum(ran_ms)
FROM job_history GROUP BY 2, 3, 4, 5, 6;

-- The counting is the trigger's, as the event is: no statement that ends a job can forget it, and it counts in the
-- transaction that ends the job or not at all.
DROP TRIGGER jobs_ended;
CREATE TRIGGER jobs_ended AFTER INSERT ON job_history BEGIN
    INSERT INTO job_events (job_id, at, attempt, status, request, reason)
    VALUES (new.id, new.finished_at, new.attempt, new.status, NULL, new.reason);
    INSERT INTO job_statistics
    VALUES (1, new.finished_at - new.finished_at % 3600000, new.kind, new.status,
            iif(new.started_at IS NULL, -1, CAST(ceil(2 * log2(max(1, new.started_at - new.created_at))) AS INTEGER)),
            iif(new.started_at IS NULL, -1, CAST(ceil(2 * log2(max(1, new.ran_ms))) AS INTEGER)),
            1, new.attempt, new.errors, new.retries, new.deaths, new.bytes, new.items,
            iif(new.started_at IS NULL, 0, max(0, new.started_at - new.created_at)), new.ran_ms)
    ON CONFLICT DO UPDATE SET
        jobs = jobs + 1, attempts = attempts + excluded.attempts, errors = errors + excluded.errors,
        retries = retries + excluded.retries, deaths = deaths + excluded.deaths, bytes = bytes + excluded.bytes,
        items = items + excluded.items, wait_ms = wait_ms + excluded.wait_ms, run_ms = run_ms + excluded.run_ms;
END;
