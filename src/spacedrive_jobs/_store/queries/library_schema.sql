-- The engine's own tables in library.db; everything else there belongs to the application.
CREATE TABLE IF NOT EXISTS sd_version (version INTEGER NOT NULL) STRICT;
INSERT INTO sd_version (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM sd_version);
-- The newest attempt of a job that has entered library.db: an older one commits nothing more.
CREATE TABLE IF NOT EXISTS sd_fence (
    job     BLOB PRIMARY KEY CHECK (length(job) = 16),
    attempt INTEGER NOT NULL CHECK (attempt >= 1)
) STRICT, WITHOUT ROWID;
-- State that was stored together with rows: it counts where its seq (attempt, then number) is the greater.
CREATE TABLE IF NOT EXISTS sd_state (
    job       BLOB PRIMARY KEY CHECK (length(job) = 16),
    seq       INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    state     BLOB NOT NULL,
    metrics   BLOB,
    items_seq INTEGER NOT NULL,
    notes_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Jobs dispatched with rows and not yet relayed to jobs.db, by the runner that will do it.
CREATE TABLE IF NOT EXISTS sd_outbox (
    job    BLOB PRIMARY KEY CHECK (length(job) = 16),
    runner BLOB NOT NULL CHECK (length(runner) = 16),
    row    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
