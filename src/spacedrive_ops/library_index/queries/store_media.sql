INSERT INTO ix_media (digest, format, width, height, duration_ms, codec, taken_ms, taken_zoned, camera, lens, latitude, longitude, facts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET format = excluded.format, width = excluded.width, height = excluded.height,
    duration_ms = excluded.duration_ms, codec = excluded.codec, taken_ms = excluded.taken_ms,
    taken_zoned = excluded.taken_zoned, camera = excluded.camera, lens = excluded.lens, latitude = excluded.latitude,
    longitude = excluded.longitude, facts = excluded.facts
