UPDATE jobs SET priority = ?, changed_at = ? WHERE id = ?
