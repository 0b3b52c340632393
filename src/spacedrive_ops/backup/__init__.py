"""BackupJob: other jobs, one after the other."""
