INSERT INTO attempt_processes (job_id, attempt, runner, pid, process_started, pid_namespace, boot)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
