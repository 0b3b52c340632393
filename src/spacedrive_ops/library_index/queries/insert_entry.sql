INSERT INTO ix_entry (id, location_id, parent_id, name, kind, category, size, mtime_ns, ctime_ns, device, inode, links, mode,
                      label)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
