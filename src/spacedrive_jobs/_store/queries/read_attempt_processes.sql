SELECT job_id, attempt, pid, process_started, pid_namespace, boot FROM attempt_processes WHERE runner = ?
