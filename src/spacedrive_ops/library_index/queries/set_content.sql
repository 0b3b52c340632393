-- Only while the row still tells what was read.
UPDATE ix_entry SET content_id = (SELECT id FROM ix_content WHERE digest = ?1) WHERE id = ?2 AND size = ?3 AND mtime_ns = ?4
