-- `OR ABORT` is the default: a clash of ids is an error, never a silent success.
INSERT INTO jobs (id, kind, version, status, reason, resumable, priority, position, parent_id, created_at, changed_at,
                  deadline_at, arguments, lane, tidies, scope, unique_key, retry_of, action, trace)
VALUES (?, ?, ?, 'queued', '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
