UPDATE jobs SET position = ? WHERE id = ? AND status = 'queued'
