"""Why running code is asked to stop. Shared by the task system (which knows no jobs) and the job system."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Interruption(Enum):
    """Why running code is asked to stop; the strongest wins (`STRENGTH`)."""

    PAUSE = "pause"
    SUSPEND = "suspend"
    CANCEL = "cancel"
    SHUTDOWN = "shutdown"
    TIMEOUT = "timeout"


STRENGTH: Final[dict[Interruption, int]] = {
    Interruption.SUSPEND: 1,
    Interruption.PAUSE: 2,
    Interruption.SHUTDOWN: 3,
    Interruption.TIMEOUT: 4,
    Interruption.CANCEL: 5,
}


class JobInterrupted(BaseException):
    """Raised by a context's verbs when the attempt was asked to stop. Let it pass: `finally` is the place to tidy up.

    A BaseException, as asyncio's CancelledError is, so that `except Exception` in a job cannot swallow a pause.
    """

    def __init__(self, kind: Interruption) -> None:
        self.kind = kind
        super().__init__(kind.value)
