-- Oldest first, along job_history_finished.
SELECT id FROM job_history WHERE finished_at < ? ORDER BY finished_at LIMIT ?
