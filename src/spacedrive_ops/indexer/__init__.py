"""IndexerJob: what lies in a folder, kept as rows of the library's index."""
