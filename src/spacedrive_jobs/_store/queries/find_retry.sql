SELECT id FROM jobs WHERE retry_of = ?
