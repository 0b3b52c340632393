SELECT kind, status, parent_id FROM jobs WHERE id = ?
