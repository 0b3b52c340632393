SELECT id FROM jobs WHERE deadline_at IS NOT NULL AND deadline_at <= ? AND status IN ('queued', 'paused')
