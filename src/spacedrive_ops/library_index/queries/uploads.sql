-- Uploads in parts that were begun in an object store and have not ended: who ends without tidying up (killed once too
-- often, failed for good) is found by these. `place`: the bucket at its endpoint; `upload`: the store's id, empty between
-- the decision to begin and the store's answer.
CREATE TABLE IF NOT EXISTS ix_upload (
    job    TEXT NOT NULL,
    place  TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key    TEXT NOT NULL,
    upload TEXT NOT NULL,
    PRIMARY KEY (place, key, job)
) STRICT, WITHOUT ROWID;
