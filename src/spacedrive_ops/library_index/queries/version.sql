SELECT max(version) FROM ix_version
