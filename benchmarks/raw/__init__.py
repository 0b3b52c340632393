"""The machine's limits: the least that any implementation would have to do."""
