"""How a job that runs is shown: a live bar, plain lines, or JSON lines."""
