UPDATE jobs SET request = NULL, reason = '', changed_at = ? WHERE id = ? AND status = 'running' AND request = 'pause'
