SELECT attempt FROM sd_fence WHERE job = ?
