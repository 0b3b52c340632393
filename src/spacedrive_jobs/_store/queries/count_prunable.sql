-- Those that `prunable` gives, step by step.
SELECT count(*) FROM job_history AS h WHERE finished_at < ?
  AND (h.parent_id IS NULL OR NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = h.parent_id))
