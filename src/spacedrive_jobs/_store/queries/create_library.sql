-- Once per database. Positions count up for the back of the queue and down for its front.
INSERT INTO library (one, id, created_at, next_position, next_front) VALUES (1, ?, ?, 1, -1)
ON CONFLICT DO NOTHING
