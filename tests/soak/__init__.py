"""Storms: long runs of random faults. `python -m tests.soak` runs them all; see `__main__.py`."""
