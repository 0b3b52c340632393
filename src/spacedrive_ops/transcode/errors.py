"""What a transcode raises."""

from __future__ import annotations

import os
from pathlib import Path

from spacedrive_jobs import JobError


class TranscodeRefused(JobError):
    """The transcode as asked for cannot be done here; nothing was written."""

    def __init__(self, source: Path, problem: str) -> None:
        self.source, self.problem = source, problem
        super().__init__(f"cannot transcode {os.fspath(source)!r}: {problem}")


class TranscodeFailed(JobError):
    """The program ended with an error, or was ended because it stood still. `said`: the last lines that it printed."""

    def __init__(self, source: Path, problem: str, said: str) -> None:
        self.source, self.problem, self.said = source, problem, said
        super().__init__(f"cannot transcode {os.fspath(source)!r}: {problem}{': ' if said else ''}{said}")
