DELETE FROM sd_state WHERE job = ?
