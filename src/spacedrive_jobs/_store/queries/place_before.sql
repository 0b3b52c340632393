-- The waiting job of this priority that is directly before a place in line.
SELECT position, id FROM jobs INDEXED BY jobs_line
WHERE runner IS NULL AND status = 'queued' AND priority = ? AND (position, id) < (?, ?)
ORDER BY position DESC, id DESC LIMIT 1
