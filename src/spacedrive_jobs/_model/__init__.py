"""Values and pure functions: no input or output, and nothing of ours is imported from above."""
