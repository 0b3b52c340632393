UPDATE ix_folder SET total_bytes = ?, files = ?, folders = ? WHERE entry_id = ?
