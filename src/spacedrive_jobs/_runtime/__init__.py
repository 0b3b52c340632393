"""The job system: turns records into running tasks and outcomes into transitions."""
