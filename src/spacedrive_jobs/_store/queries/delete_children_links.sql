DELETE FROM job_children WHERE parent_id = ?
