DELETE FROM job_waits WHERE on_id = ?
