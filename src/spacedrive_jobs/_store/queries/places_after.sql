-- The waiting jobs of this priority that are behind a place in line, the nearest first.
SELECT position, id FROM jobs INDEXED BY jobs_line
WHERE runner IS NULL AND status = 'queued' AND priority = ? AND (position, id) > (?, ?)
ORDER BY position, id LIMIT ?
