UPDATE ix_location SET complete = 1, indexed_at = ? WHERE id = ?
