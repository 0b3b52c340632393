SELECT job FROM sd_fence UNION SELECT job FROM sd_state
