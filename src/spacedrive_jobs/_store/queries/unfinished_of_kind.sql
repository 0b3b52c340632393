-- By the partial indexes, so that a million queued jobs of other kinds cost nothing.
SELECT id, scope FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes = 0 AND kind = :kind
UNION ALL
SELECT id, scope FROM jobs WHERE status = 'queued' AND due_at IS NULL AND held = 0 AND crashes > 0 AND kind = :kind
UNION ALL
SELECT id, scope FROM jobs WHERE status = 'queued' AND due_at IS NOT NULL AND held = 0 AND kind = :kind
UNION ALL
SELECT id, scope FROM jobs WHERE held = 1 AND kind = :kind AND status = 'queued'
UNION ALL
SELECT id, scope FROM jobs WHERE status = 'paused' AND kind = :kind
UNION ALL
SELECT id, scope FROM jobs WHERE runner IS NOT NULL AND kind = :kind
