SELECT id FROM jobs WHERE kind = ? AND arguments = ? AND (request IS NULL OR request = 'pause') ORDER BY id LIMIT 1
