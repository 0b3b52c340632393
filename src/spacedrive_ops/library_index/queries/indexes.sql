-- Made at the end of the first run: to build an index over all rows is several times quicker than to keep it from the
-- first row on.
CREATE INDEX IF NOT EXISTS ix_entry_size ON ix_entry (size) WHERE kind = 1;
CREATE INDEX IF NOT EXISTS ix_entry_time ON ix_entry (mtime_ns) WHERE kind = 1;
CREATE INDEX IF NOT EXISTS ix_entry_category ON ix_entry (category, size) WHERE kind = 1;
CREATE INDEX IF NOT EXISTS ix_entry_content ON ix_entry (content_id) WHERE content_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_entry_links ON ix_entry (device, inode) WHERE kind = 1 AND links > 1;
