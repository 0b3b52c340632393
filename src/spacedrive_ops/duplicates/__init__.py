"""Which files of the library hold the same bytes (DuplicatesJob), and what to do about it (DeduplicateJob)."""
