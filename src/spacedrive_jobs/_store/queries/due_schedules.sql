SELECT id FROM schedules WHERE next_at IS NOT NULL AND paused = 0 AND next_at <= ? ORDER BY next_at
