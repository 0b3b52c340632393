SELECT id, kind, status, request FROM jobs WHERE unique_key = ?
