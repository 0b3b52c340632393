UPDATE ix_folder SET fingerprint = ? WHERE entry_id = ?
