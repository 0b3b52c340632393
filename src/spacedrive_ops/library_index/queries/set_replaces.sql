UPDATE ix_arrival SET replaces = ?1 WHERE entry_id = ?2
