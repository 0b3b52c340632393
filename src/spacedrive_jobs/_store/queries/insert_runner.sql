INSERT INTO runners (id, mode, pid, process_started, pid_namespace, boot, host, program, opened_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
