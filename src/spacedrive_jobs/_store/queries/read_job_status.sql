SELECT status, request, attempt, resumable, kind FROM jobs WHERE id = ?
