SELECT id, kind, version, arguments, priority, resumable, tidies, lane, trigger, misfire, overlap, jitter_ms, paused,
       created_at, scheduled_at, next_at, last_job FROM schedules ORDER BY id
