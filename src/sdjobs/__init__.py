"""The command line of spacedrive_jobs. It uses public names alone: whatever it does, any program can do."""
