DELETE FROM job_written WHERE job_id = ?
