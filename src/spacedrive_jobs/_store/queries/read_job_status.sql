SELECT status, request, attempt, resumable, tidies, kind FROM jobs WHERE id = ?
