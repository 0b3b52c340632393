"""DuplicatesJob: which files of the library hold the same bytes."""
