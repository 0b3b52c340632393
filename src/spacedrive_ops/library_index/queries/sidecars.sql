SELECT variant, state FROM ix_sidecar WHERE digest = ? AND kind = ?
