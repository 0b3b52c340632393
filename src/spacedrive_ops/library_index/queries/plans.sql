-- What jobs mean to do to duplicates: one row a file that is not kept. The columns are those of the index when the plan was
-- made; a file that is otherwise when its turn comes is left alone. `state` is NULL until then.
CREATE TABLE IF NOT EXISTS ix_plan (
    job             TEXT    NOT NULL,
    number          INTEGER NOT NULL,
    names           INTEGER NOT NULL,
    kept_id         INTEGER NOT NULL,
    kept_content    INTEGER NOT NULL,
    kept_path       BLOB    NOT NULL,
    kept_size       INTEGER NOT NULL,
    kept_mtime_ns   INTEGER NOT NULL,
    kept_device     INTEGER NOT NULL,
    kept_inode      INTEGER NOT NULL,
    kept_links      INTEGER NOT NULL,
    doomed_id       INTEGER NOT NULL,
    doomed_content  INTEGER NOT NULL,
    doomed_path     BLOB    NOT NULL,
    doomed_size     INTEGER NOT NULL,
    doomed_mtime_ns INTEGER NOT NULL,
    doomed_device   INTEGER NOT NULL,
    doomed_inode    INTEGER NOT NULL,
    doomed_links    INTEGER NOT NULL,
    state           TEXT CHECK (state IN ('done', 'skipped', 'failed')),
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
