SELECT kind, lane FROM jobs WHERE id = ? AND attempt = ? AND runner = ? AND status = 'running'
