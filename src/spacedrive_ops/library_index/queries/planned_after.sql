SELECT number, names, kept_id, kept_content, kept_path, kept_size, kept_mtime_ns, kept_device, kept_inode, kept_links,
    doomed_id, doomed_content, doomed_path, doomed_size, doomed_mtime_ns, doomed_device, doomed_inode, doomed_links
FROM ix_plan WHERE job = ? AND number > ? AND state IS NULL ORDER BY number LIMIT ?
