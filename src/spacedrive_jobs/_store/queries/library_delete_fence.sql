DELETE FROM sd_fence WHERE job = ?
