UPDATE jobs SET request = NULL, reason = '', paused_with = NULL, changed_at = ? WHERE id = ? AND status = 'running' AND request = 'pause'
