SELECT 1 FROM job_items WHERE job_id = ? AND outcome = 'error' AND outcome <> 'ok' LIMIT 1
