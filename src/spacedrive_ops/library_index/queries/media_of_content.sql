SELECT facts FROM ix_media WHERE digest = ?
