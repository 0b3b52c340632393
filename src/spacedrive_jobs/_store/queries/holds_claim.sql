SELECT 1 FROM jobs WHERE id = ? AND status = 'running' AND attempt = ? AND runner = ?
