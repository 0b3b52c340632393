"""Paths as values: what they are called anywhere, and where that is on this machine now."""
