"""`python -m sdjobs`."""

from __future__ import annotations

from sdjobs.main import main

if __name__ == "__main__":
    main()
