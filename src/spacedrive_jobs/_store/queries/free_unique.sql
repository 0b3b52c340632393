UPDATE jobs SET unique_key = NULL WHERE id = ?
