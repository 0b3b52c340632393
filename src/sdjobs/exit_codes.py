"""What a command tells the shell."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    """A job failed or was cancelled, or something was refused: it will not go on by itself."""
    USAGE = 2
    """The command was wrong (also: unknown job, kind, file or library); nothing was done."""
    INTERRUPTED = 3
    """Paused by Ctrl-C, or stopped by a signal: it can go on."""
    ITEM_ERRORS = 4
    """Finished, but some of its items failed."""
