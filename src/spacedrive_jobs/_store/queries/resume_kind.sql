DELETE FROM paused_kinds WHERE kind = ?
