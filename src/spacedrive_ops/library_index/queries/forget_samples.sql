DELETE FROM ix_sample WHERE entry_id NOT IN (SELECT id FROM ix_entry)
