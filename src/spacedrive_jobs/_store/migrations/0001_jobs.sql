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
    retry_of    BLOB CHECK (length(retry_of) = 16),
    lane        TEXT NOT NULL DEFAULT '',
    tidies      INTEGER NOT NULL DEFAULT 0 CHECK (tidies IN (0, 1)),
    held        INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
    yielding    INTEGER NOT NULL DEFAULT 0 CHECK (yielding IN (0, 1, 2)),
    unique_key  BLOB CHECK (length(unique_key) = 16),
    scope       BLOB,
    paused_with BLOB CHECK (length(paused_with) = 16),
    action      BLOB,
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
    CONSTRAINT a_running_job_has_an_attempt CHECK (status <> 'running' OR (attempt >= 1 AND started_at IS NOT NULL)),
    CONSTRAINT what_runs_waits_for_no_job CHECK (held = 0 OR status <> 'running'),
    CONSTRAINT only_a_running_job_yields CHECK (yielding = 0 OR status = 'running'),
    CONSTRAINT paused_with_another_only_while_paused
        CHECK (paused_with IS NULL OR status = 'paused' OR (status = 'running' AND request = 'pause'))
) STRICT, WITHOUT ROWID;

-- `lane`: what admission asks of the job besides its kind (limit key, resources), as text: jobs of one (kind, version,
-- lane) may start or not together. `tidies`: its kind has an `on_cancel` hook. `held`: it has rows in job_waits. `yielding`: its code waits (for children, an answer,
-- a time) and holds no slot (1), or has what it waited for and wants its slot back (2).

-- Claim order. Two indexes, because a job whose process died (a suspect) runs alone among its like; see ready_*.sql.
CREATE INDEX jobs_ready ON jobs (kind, version, lane, priority DESC, position)
    WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes = 0;
CREATE INDEX jobs_ready_suspect ON jobs (kind, version, lane, priority DESC, position)
    WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0;
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_deadline ON jobs (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX jobs_running ON jobs (runner, kind) WHERE runner IS NOT NULL;
CREATE INDEX jobs_paused ON jobs (kind) WHERE status = 'paused';
CREATE INDEX jobs_held ON jobs (kind) WHERE held = 1;
CREATE INDEX jobs_children ON jobs (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_retries ON jobs (retry_of) WHERE retry_of IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL;
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
    retry_of        BLOB,
    resumable       INTEGER NOT NULL,
    lane            TEXT NOT NULL,
    tidies          INTEGER NOT NULL,
    action          BLOB,
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
CREATE INDEX job_history_children ON job_history (parent_id) WHERE parent_id IS NOT NULL;

-- What a queued job waits for: another job, or a question (16 bytes both). `policy`: what follows if that job does not
-- complete. A job has a row here exactly while its `held` is 1.
CREATE TABLE job_waits (
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    on_id  BLOB NOT NULL CHECK (length(on_id) = 16),
    policy TEXT NOT NULL CHECK (policy IN ('run', 'cancel')),
    PRIMARY KEY (job_id, on_id),
    CONSTRAINT nothing_waits_for_itself CHECK (job_id <> on_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_waits_on ON job_waits (on_id);

CREATE TRIGGER what_waits_is_held AFTER INSERT ON job_waits BEGIN
    UPDATE jobs SET held = 1 WHERE id = new.job_id AND held = 0;
END;

CREATE TRIGGER the_last_wait_releases AFTER DELETE ON job_waits
WHEN NOT EXISTS (SELECT 1 FROM job_waits WHERE job_id = old.job_id) BEGIN
    UPDATE jobs SET held = 0 WHERE id = old.job_id AND held = 1;
END;

-- The children of a job by their keys: a parent that runs again finds the child it spawned. `errors` is the parent's
-- number of errors at the time: after a further one, a child that failed is spawned afresh.
CREATE TABLE job_children (
    parent_id BLOB NOT NULL CHECK (length(parent_id) = 16),
    key       TEXT NOT NULL,
    child_id  BLOB NOT NULL CHECK (length(child_id) = 16),
    errors    INTEGER NOT NULL,
    PRIMARY KEY (parent_id, key)
) STRICT, WITHOUT ROWID;

-- Results of `step` and ends of `sleep`: stored once, never changed.
CREATE TABLE job_steps (
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    key    TEXT NOT NULL,
    verb   TEXT NOT NULL CHECK (verb IN ('step', 'sleep')),
    result BLOB NOT NULL,
    PRIMARY KEY (job_id, key)
) STRICT, WITHOUT ROWID;

-- What a job asked, and the answer. `topic`: an answer may be given to all of one topic, later questions included.
CREATE TABLE job_questions (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),
    job_id      BLOB NOT NULL CHECK (length(job_id) = 16),
    key         TEXT NOT NULL,
    topic       TEXT NOT NULL,
    question    TEXT NOT NULL,
    choices     BLOB NOT NULL,
    asked_at    INTEGER NOT NULL,
    answer      BLOB,
    answered_at INTEGER,
    answered_by TEXT NOT NULL DEFAULT '',
    UNIQUE (job_id, key),
    CONSTRAINT answered_with_a_time CHECK ((answer IS NULL) = (answered_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX job_questions_open ON job_questions (job_id) WHERE answer IS NULL;

CREATE TABLE job_standing_answers (
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    topic  TEXT NOT NULL,
    answer BLOB NOT NULL,
    PRIMARY KEY (job_id, topic)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER an_answer_never_changes BEFORE UPDATE OF answer ON job_questions WHEN old.answer IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a question is answered once');
END;

-- How attempts ended that did not complete their job. One that completes at its first attempt leaves no row.
CREATE TABLE job_attempts (
    job_id          BLOB NOT NULL CHECK (length(job_id) = 16),
    attempt         INTEGER NOT NULL,
    ended_at        INTEGER NOT NULL,
    outcome         TEXT NOT NULL,
    reason          TEXT NOT NULL,
    error_type      TEXT NOT NULL,
    error_traceback TEXT NOT NULL,
    PRIMARY KEY (job_id, attempt)
) STRICT, WITHOUT ROWID;

-- Starts of kinds that have a rate limit; rows older than its window are deleted as it is looked at.
CREATE TABLE job_starts (
    kind TEXT NOT NULL,
    at   INTEGER NOT NULL,
    id   BLOB NOT NULL,
    PRIMARY KEY (kind, at, id)
) STRICT, WITHOUT ROWID;

-- Kinds that are not to be started; '*' stands for all.
CREATE TABLE paused_kinds (
    kind   TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `scheduled_at` is the rule's own next time, `next_at` the same with its jitter; both NULL once the rule has ended.
CREATE TABLE schedules (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    arguments    BLOB NOT NULL,
    priority     INTEGER NOT NULL,
    resumable    INTEGER NOT NULL,
    tidies       INTEGER NOT NULL,
    lane         TEXT NOT NULL,
    trigger      BLOB NOT NULL,
    misfire      INTEGER NOT NULL CHECK (misfire >= -1),
    overlap      TEXT NOT NULL CHECK (overlap IN ('skip', 'queue', 'replace')),
    jitter_ms    INTEGER NOT NULL CHECK (jitter_ms >= 0),
    paused       INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    created_at   INTEGER NOT NULL,
    scheduled_at INTEGER,
    next_at      INTEGER,
    last_job     BLOB CHECK (length(last_job) = 16),
    CONSTRAINT both_times_or_none CHECK ((scheduled_at IS NULL) = (next_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL AND paused = 0;

-- What became of each time: a job, or why there is none. Kept as long as the newest hundred of their schedule.
CREATE TABLE schedule_runs (
    schedule_id  TEXT NOT NULL,
    seq          INTEGER NOT NULL,
    scheduled_at INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('dispatched', 'missed', 'skipped')),
    job_id       BLOB,
    count        INTEGER NOT NULL,
    PRIMARY KEY (schedule_id, seq)
) STRICT, WITHOUT ROWID;

-- Bytes that a running job has already written of what it reserved.
CREATE TABLE job_written (
    job_id BLOB PRIMARY KEY CHECK (length(job_id) = 16),
    bytes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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
    state_seq        INTEGER NOT NULL DEFAULT 0, -- attempt << 32 | number: library.db may have a newer state
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

-- `inode`: of the file that this database is in; a copy or a restored backup has another.
CREATE TABLE library (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    id            BLOB NOT NULL CHECK (length(id) = 16),
    inode         INTEGER,
    created_at    INTEGER NOT NULL,
    next_position INTEGER NOT NULL,
    next_front    INTEGER NOT NULL
) STRICT;
