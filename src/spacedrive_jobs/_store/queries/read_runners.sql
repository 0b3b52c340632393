SELECT id, mode, pid, process_started, pid_namespace, boot, host, program, opened_at FROM runners ORDER BY opened_at
