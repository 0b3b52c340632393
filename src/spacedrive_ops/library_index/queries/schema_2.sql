-- Version 2. `fingerprint`: of what lies in the folder itself, as the walk saw it; NULL where something could not be
-- read. While it is the same on the disk, no row of what lies in it has to be looked at.
ALTER TABLE ix_folder ADD COLUMN fingerprint BLOB;
CREATE INDEX ix_entry_folder ON ix_entry (parent_id, name) WHERE kind = 2;
UPDATE ix_version SET version = 2
