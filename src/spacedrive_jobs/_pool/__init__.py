"""Worker pool: threads and child processes. It runs callables and knows no tasks."""
