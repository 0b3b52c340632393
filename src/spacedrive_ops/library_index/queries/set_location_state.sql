UPDATE ix_location SET state = ? WHERE id = ? AND state <> ?
