INSERT INTO schedules (id, kind, version, arguments, priority, resumable, tidies, lane, trigger, misfire, overlap,
                       jitter_ms, created_at, scheduled_at, next_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, version = excluded.version, arguments = excluded.arguments,
    priority = excluded.priority, resumable = excluded.resumable, tidies = excluded.tidies, lane = excluded.lane,
    trigger = excluded.trigger, misfire = excluded.misfire, overlap = excluded.overlap, jitter_ms = excluded.jitter_ms,
    scheduled_at = excluded.scheduled_at, next_at = excluded.next_at
