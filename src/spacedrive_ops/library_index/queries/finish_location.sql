UPDATE ix_location SET complete = ?, indexed_at = ? WHERE id = ?
