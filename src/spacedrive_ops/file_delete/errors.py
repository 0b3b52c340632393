"""What a deletion raises. Trouble with single entries is never raised: it is an item of the job."""

from __future__ import annotations

import os
from pathlib import Path

from spacedrive_jobs import JobError


class DeleteRefused(JobError):
    """The deletion as asked for cannot be meant; nothing was touched."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"will not delete {os.fspath(path)!r}: {problem}")


def in_words(error: OSError) -> str:
    """The system's own message, as it reads inside a sentence: "permission denied"."""
    text = error.strerror or "unknown error"
    return text[:1].lower() + text[1:]
