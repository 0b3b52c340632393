-- What jobs came to in days that are no longer told apart: counters must never fall, or who reads them takes it for a new
-- beginning and counts all that is left a second time. The columns are those of `job_statistics`. `since` and `until`: the
-- days that are in the row.
CREATE TABLE job_statistics_before (
    since    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
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
    PRIMARY KEY (kind, status, wait, run)
) STRICT, WITHOUT ROWID;
