-- A retried relay of the same id must not insert twice, but must not hide a clash either: the caller counts rows.
INSERT INTO jobs (id, kind, version, status, reason, resumable, priority, position, parent_id,
                  created_at, changed_at, deadline_at, arguments)
VALUES (?, ?, ?, 'queued', '', ?, ?, ?, ?, ?, ?, ?, ?)
