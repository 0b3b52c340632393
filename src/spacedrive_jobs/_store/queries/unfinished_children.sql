SELECT id FROM jobs WHERE parent_id = ?
