-- The index of what lies in the library's locations. Names are bytes, as the disk has them; every table begins with
-- `ix_`, since the application's own tables live in the same file.
CREATE TABLE IF NOT EXISTS ix_version (version INTEGER NOT NULL) STRICT;
INSERT INTO ix_version (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ix_version);

-- Ids of entries are handed out in blocks, one an attempt, so that several runs need not ask for each.
CREATE TABLE IF NOT EXISTS ix_sequence (next INTEGER NOT NULL) STRICT;
INSERT INTO ix_sequence (next) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ix_sequence);

-- A folder that somebody asked to index. (device, inode, filesystem) is its identity when it was last read: another one
-- at the same path is another disk, or a mount point without its disk. `complete`: a run of all of it got to the end, and
-- none has been broken off since. `indexed_at`: when a run that found changes last came to its end.
CREATE TABLE IF NOT EXISTS ix_location (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    path       BLOB    NOT NULL UNIQUE,
    root_id    INTEGER,
    device     INTEGER,
    inode      INTEGER,
    filesystem INTEGER,
    state      TEXT    NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'online', 'offline')),
    complete   INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
    indexed_at INTEGER,
    rules      BLOB
) STRICT;

-- kind: 1 file, 2 folder, 3 link, 4 special (FIFO, socket, device). The root of a location has parent_id 0 and the
-- location's path as its name. An entry that was not found where it was has parent_id = -id until the run ends: it may
-- have moved. `label`: the printable form of a name that is not UTF-8, else NULL.
CREATE TABLE IF NOT EXISTS ix_entry (
    id          INTEGER PRIMARY KEY,
    location_id INTEGER NOT NULL,
    parent_id   INTEGER NOT NULL,
    name        BLOB    NOT NULL,
    kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
    category    INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    ctime_ns    INTEGER NOT NULL,
    device      INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    links       INTEGER NOT NULL,
    mode        INTEGER NOT NULL,
    label       TEXT,
    content_id  INTEGER
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS ix_entry_place ON ix_entry (parent_id, name);

-- What is known of a folder beside its entry: its path below the location (NULL where that is over 4,096 bytes: then the
-- names above it tell), and what lies in it at any depth. A file with several hard links counts once.
CREATE TABLE IF NOT EXISTS ix_folder (
    entry_id    INTEGER PRIMARY KEY,
    location_id INTEGER NOT NULL,
    path        BLOB,
    total_bytes INTEGER NOT NULL DEFAULT 0,
    files       INTEGER NOT NULL DEFAULT 0,
    folders     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Entries that a run found anew where the location had been indexed before: one that has gone elsewhere may be the same.
CREATE TABLE IF NOT EXISTS ix_arrival (entry_id INTEGER PRIMARY KEY, location_id INTEGER NOT NULL) STRICT;

-- What a file holds, by the BLAKE3 of its bytes. A file that changes loses its content until it is read again.
CREATE TABLE IF NOT EXISTS ix_content (
    id     INTEGER PRIMARY KEY,
    digest BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    size   INTEGER NOT NULL
) STRICT;

-- What a picture, video or sound says of itself. Times are milliseconds since 1970, UTC where the file tells the zone,
-- else as its own clock said (`taken_zoned` = 0).
CREATE TABLE IF NOT EXISTS ix_media (
    digest      BLOB PRIMARY KEY CHECK (length(digest) = 32),
    format      TEXT NOT NULL,
    width       INTEGER,
    height      INTEGER,
    duration_ms INTEGER,
    codec       TEXT,
    taken_ms    INTEGER,
    taken_zoned INTEGER,
    camera      TEXT,
    lens        TEXT,
    latitude    REAL,
    longitude   REAL,
    facts       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What was made of a content and lies beside it, such as its thumbnails; or why it could not be made.
CREATE TABLE IF NOT EXISTS ix_sidecar (
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    kind    TEXT    NOT NULL,
    variant TEXT    NOT NULL,
    state   TEXT    NOT NULL CHECK (state IN ('made', 'failed')),
    path    TEXT,
    bytes   INTEGER,
    reason  TEXT    NOT NULL DEFAULT '',
    made_at INTEGER NOT NULL,
    PRIMARY KEY (digest, kind, variant)
) STRICT, WITHOUT ROWID;

-- Names for the search. Its rows are made from ix_entry at the end of a run.
CREATE VIRTUAL TABLE IF NOT EXISTS ix_name USING fts5 (
    name, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
