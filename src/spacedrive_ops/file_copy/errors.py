"""What a copy raises. Trouble with single entries is never raised: it is an item of the job."""

from __future__ import annotations

import os
from pathlib import Path

from spacedrive_jobs import JobError
from spacedrive_ops.file_copy.plan import in_words


class CopyRefused(JobError):
    """The copy as asked for cannot be right; nothing was touched."""

    def __init__(self, source: Path, destination: Path, problem: str) -> None:
        self.source, self.destination, self.problem = source, destination, problem
        super().__init__(f"cannot copy {os.fspath(source)!r} to {os.fspath(destination)!r}: {problem}")


class NotEnoughSpace(JobError):
    """The destination cannot hold what is to be copied; found before anything was written."""

    def __init__(self, destination: Path, needed: int, free: int) -> None:
        self.destination, self.needed, self.free = destination, needed, free
        super().__init__(f"needs {in_words(needed)}, {in_words(free)} free on {os.fspath(destination)!r}")
