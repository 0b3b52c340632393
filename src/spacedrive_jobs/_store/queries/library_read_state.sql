SELECT seq, version, state, metrics, items_seq, notes_seq FROM sd_state WHERE job = ?
