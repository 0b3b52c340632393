SELECT id, attempt, request, reason FROM jobs WHERE runner = ? AND request IS NOT NULL
