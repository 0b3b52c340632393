UPDATE schedules SET scheduled_at = ?, next_at = ?, last_job = coalesce(?, last_job) WHERE id = ?
