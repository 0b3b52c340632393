DELETE FROM sd_outbox WHERE job = ?
