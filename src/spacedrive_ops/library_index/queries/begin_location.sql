UPDATE ix_location SET complete = 0 WHERE id = ? AND complete = 1
