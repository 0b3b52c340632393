-- `duration_ms` is the time that it ran, over all attempts. The claim (job, attempt, runner) is compared, so a runner that lost it changes nothing.
INSERT INTO job_history (id, kind, version, status, reason, priority, attempt, errors, crashes, parent_id, retry_of,
                         resumable, lane, tidies, action, created_at, deadline_at, started_at, finished_at, duration_ms, arguments, output, error_type, error_message,
                         error_traceback, metrics, progress, view)
SELECT id, kind, version, :status, :reason, priority, attempt, errors + :errors, crashes + :crashes, parent_id, retry_of,
       resumable, lane, tidies, action, created_at, deadline_at, started_at, :at, ran_ms + max(0, :at - claimed_at), arguments, :output, :error_type, :error_message,
       :error_traceback, :metrics, :progress, :view
FROM jobs WHERE id = :id AND status = 'running' AND attempt = :attempt AND runner = :runner
