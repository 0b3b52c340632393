-- What the beginning and the end of a file hold (BLAKE3 of both and of its size), where another has its size too: only
-- files that are alike here are read whole. It tells nothing any more when size or time are not those of the entry.
CREATE TABLE IF NOT EXISTS ix_sample (
    entry_id INTEGER PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sample   BLOB    NOT NULL CHECK (length(sample) = 32)
) STRICT;
