-- What was changed may hold something else now. Who only renames or links a file changes its ctime too, but not so its
-- inode, size and mtime: those who move are told apart at the end of a run.
UPDATE ix_entry SET
    content_id = CASE WHEN size = ?2 AND mtime_ns = ?3 AND ctime_ns = ?4 AND inode = ?6 THEN content_id END,
    size = ?2, mtime_ns = ?3, ctime_ns = ?4, device = ?5, inode = ?6, links = ?7, mode = ?8
WHERE id = ?1
