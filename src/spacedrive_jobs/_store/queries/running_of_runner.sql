SELECT id, attempt FROM jobs WHERE runner = ?
