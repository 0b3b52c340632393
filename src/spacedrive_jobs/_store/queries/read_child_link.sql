SELECT child_id, errors FROM job_children WHERE parent_id = ? AND key = ?
