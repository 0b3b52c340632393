"""MediaMetadataJob: what pictures, films and sounds say of themselves."""
