DELETE FROM ix_sidecar WHERE digest = ? AND kind = ? AND variant = ?
