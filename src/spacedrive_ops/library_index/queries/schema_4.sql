-- Version 4. A disk is known by the UUID of its file system, where it has one ('' else): the numbers of devices and of root
-- folders are given again to the next disk. `ix_mount`: what was mounted below a location when it was last looked at; `path`
-- is below the location, `kind` that of the file system. `replaces`: the lost entry that had the name of the new one.
ALTER TABLE ix_location ADD COLUMN volume TEXT NOT NULL DEFAULT '';
CREATE TABLE ix_mount (
    location_id INTEGER NOT NULL,
    path        BLOB    NOT NULL,
    kind        TEXT    NOT NULL,
    volume      TEXT    NOT NULL,
    PRIMARY KEY (location_id, path)
) STRICT, WITHOUT ROWID;
ALTER TABLE ix_arrival ADD COLUMN replaces INTEGER;
UPDATE ix_version SET version = 4
