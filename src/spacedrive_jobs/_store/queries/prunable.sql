-- Oldest first, along job_history_finished. The child of an unfinished job stays: its parent may want the output.
SELECT id FROM job_history AS h WHERE finished_at < ?
  AND (h.parent_id IS NULL OR NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = h.parent_id))
ORDER BY finished_at LIMIT ?
