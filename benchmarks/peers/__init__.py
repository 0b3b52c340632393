"""Other people's queues and tools, each behind the same few functions. One that is not installed is left out."""
