"""Task system: execution, parallelism, interruption. It knows no jobs."""
