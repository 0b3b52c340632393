SELECT status, priority, position FROM jobs WHERE id = ?
