-- The first schema. Never edited after a release: a change is the next file.
--
-- The spec's three tables are jobs, job_history and job_checkpoints. A job lives in `jobs` until it ends and moves to
-- `job_history` in the transaction that ends it, so a terminal status has no row left that an UPDATE could change.
-- Times are milliseconds since 1970 (UTC). Order is by `position` and `seq`, never by time.

CREATE TABLE jobs (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind        TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version >= 1),
    status      TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused')),
    request     TEXT CHECK (request IN ('pause', 'cancel', 'abort')),
    reason      TEXT NOT NULL DEFAULT '',
    resumable   INTEGER NOT NULL CHECK (resumable IN (0, 1)),
    priority    INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    errors      INTEGER NOT NULL DEFAULT 0 CHECK (errors >= 0),
    crashes     INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),
    runner      BLOB CHECK (length(runner) = 16),
    parent_id   BLOB CHECK (length(parent_id) = 16),
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    due_at      INTEGER,
    deadline_at INTEGER,
    started_at  INTEGER,
    paused_at   INTEGER,
    arguments   BLOB NOT NULL,

    CONSTRAINT only_a_running_job_has_a_runner CHECK ((runner IS NOT NULL) = (status = 'running')),
    -- A queued job with the request `cancel` has run before: its next claim runs `on_cancel` and nothing else.
    CONSTRAINT a_request_is_for_running_code
        CHECK (request IS NULL OR status = 'running' OR (status = 'queued' AND request = 'cancel' AND attempt > 0)),
    CONSTRAINT only_a_queued_job_is_due_later CHECK (due_at IS NULL OR status = 'queued'),
    CONSTRAINT only_a_paused_job_is_paused_since CHECK ((paused_at IS NOT NULL) = (status = 'paused')),
    CONSTRAINT a_running_job_has_an_attempt CHECK (status <> 'running' OR (attempt >= 1 AND started_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Claim order. Two indexes, because a job whose process died (a suspect) runs alone among its like; see claim_*.sql.
CREATE INDEX jobs_ready ON jobs (kind, version, priority DESC, position)
    WHERE status = 'queued' AND due_at IS NULL AND crashes = 0;
CREATE INDEX jobs_ready_suspect ON jobs (kind, version, priority DESC, position)
    WHERE status = 'queued' AND due_at IS NULL AND crashes > 0;
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_deadline ON jobs (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX jobs_running ON jobs (runner) WHERE runner IS NOT NULL;
CREATE INDEX jobs_requested ON jobs (runner) WHERE request IS NOT NULL AND runner IS NOT NULL;

CREATE TABLE job_history (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind            TEXT NOT NULL,
    version         INTEGER NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled')),
    reason          TEXT NOT NULL,
    priority        INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    errors          INTEGER NOT NULL,
    crashes         INTEGER NOT NULL,
    parent_id       BLOB,
    created_at      INTEGER NOT NULL,
    deadline_at     INTEGER,
    started_at      INTEGER,
    finished_at     INTEGER NOT NULL,
    duration_ms     INTEGER,
    arguments       BLOB NOT NULL,
    output          BLOB,
    error_type      TEXT,
    error_message   TEXT,
    error_traceback TEXT,
    metrics         BLOB,
    progress        BLOB,
    view            BLOB,

    CONSTRAINT output_of_completed_only CHECK ((output IS NOT NULL) = (status = 'completed')),
    CONSTRAINT error_of_failed_only CHECK ((error_message IS NOT NULL) = (status = 'failed'))
) STRICT, WITHOUT ROWID;

CREATE INDEX job_history_finished ON job_history (finished_at);

-- `advanced_attempt` is the last attempt that stored a state different from the one before: what resets the crash budget.
CREATE TABLE job_checkpoints (
    job_id           BLOB PRIMARY KEY CHECK (length(job_id) = 16),
    attempt          INTEGER NOT NULL,
    advanced_attempt INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    checkpoint_data  BLOB,
    metrics          BLOB,
    items_seq        INTEGER NOT NULL,
    notes_seq        INTEGER NOT NULL,
    created_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows that a job keeps for itself (ctx.keep), stored with its checkpoint.
CREATE TABLE job_kept (
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    key    BLOB NOT NULL,
    value  BLOB NOT NULL,
    PRIMARY KEY (job_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_items (
    job_id  BLOB NOT NULL CHECK (length(job_id) = 16),
    seq     INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'skipped', 'warning', 'error')),
    item    BLOB NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_items_not_ok ON job_items (job_id, outcome, seq) WHERE outcome <> 'ok';

CREATE TABLE job_notes (
    job_id  BLOB NOT NULL CHECK (length(job_id) = 16),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    level   TEXT NOT NULL CHECK (level IN ('warning', 'error')),
    message TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;

-- Apart from `jobs`, so that a moving bar touches no index; written without an fsync of its own.
CREATE TABLE job_progress (
    job_id     BLOB PRIMARY KEY CHECK (length(job_id) = 16),
    attempt    INTEGER NOT NULL,
    fraction   REAL,
    progress   BLOB,
    view       BLOB NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every change of status or request, written by triggers, so that no statement can forget it. Readers hold `seq` as a
-- cursor; pruning keeps the newest row, so that numbers never start again.
CREATE TABLE job_events (
    seq     INTEGER PRIMARY KEY,
    job_id  BLOB NOT NULL,
    at      INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    status  TEXT NOT NULL,
    request TEXT,
    reason  TEXT NOT NULL
) STRICT;

CREATE INDEX job_events_of_job ON job_events (job_id, seq);

CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
    INSERT INTO job_events (job_id, at, attempt, status, request, reason)
    VALUES (new.id, new.changed_at, new.attempt, new.status, new.request, new.reason);
END;

CREATE TRIGGER jobs_changed AFTER UPDATE OF status, request ON jobs
WHEN old.status IS NOT new.status OR old.request IS NOT new.request BEGIN
    INSERT INTO job_events (job_id, at, attempt, status, request, reason)
    VALUES (new.id, new.changed_at, new.attempt, new.status, new.request, new.reason);
END;

CREATE TRIGGER jobs_ended AFTER INSERT ON job_history BEGIN
    INSERT INTO job_events (job_id, at, attempt, status, request, reason)
    VALUES (new.id, new.finished_at, new.attempt, new.status, NULL, new.reason);
END;

CREATE TRIGGER a_paused_job_is_queued_before_it_runs BEFORE UPDATE OF status ON jobs
WHEN old.status = 'paused' AND new.status = 'running' BEGIN
    SELECT RAISE(ABORT, 'a paused job must be queued before it runs');
END;

CREATE TRIGGER a_terminal_status_never_changes BEFORE UPDATE OF status ON job_history BEGIN
    SELECT RAISE(ABORT, 'a terminal status never changes');
END;

-- Who has the library open: to explain and to kill. Whether one lives is told by its lock file alone.
CREATE TABLE runners (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),
    mode            TEXT NOT NULL CHECK (mode IN ('all', 'own', 'none')),
    pid             INTEGER NOT NULL,
    process_started INTEGER NOT NULL,
    pid_namespace   INTEGER NOT NULL,
    boot            TEXT NOT NULL,
    host            TEXT NOT NULL,
    program         TEXT NOT NULL,
    opened_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Process groups of isolated attempts, so that a rescuer can end what outlived its runner.
CREATE TABLE attempt_processes (
    job_id          BLOB NOT NULL,
    attempt         INTEGER NOT NULL,
    runner          BLOB NOT NULL,
    pid             INTEGER NOT NULL,
    process_started INTEGER NOT NULL,
    pid_namespace   INTEGER NOT NULL,
    boot            TEXT NOT NULL,
    PRIMARY KEY (job_id, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE library (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    id            BLOB NOT NULL CHECK (length(id) = 16),
    created_at    INTEGER NOT NULL,
    next_position INTEGER NOT NULL,
    next_front    INTEGER NOT NULL
) STRICT;
