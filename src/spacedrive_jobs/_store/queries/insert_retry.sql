INSERT INTO jobs (id, kind, version, status, reason, resumable, priority, position, parent_id, created_at, changed_at,
                  arguments, lane, tidies, retry_of, action, trace)
SELECT :new, kind, version, 'queued', '', resumable, priority, :position, NULL, :now, :now, arguments, lane, tidies, :old,
       action, :trace
FROM job_history WHERE id = :old
