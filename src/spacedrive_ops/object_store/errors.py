"""What a transfer raises. Trouble with single files is never raised: it is an item of the job."""

from __future__ import annotations

from spacedrive_jobs import JobError


class TransferRefused(JobError):
    """The transfer as asked for cannot be done; nothing was sent or written."""

    def __init__(self, what: str, problem: str) -> None:
        self.what, self.problem = what, problem
        super().__init__(f"cannot transfer {what!r}: {problem}")


class StoreUnreachable(JobError):
    """The store refuses or answers nothing at all; what was done so far is kept, and a retry goes on from there."""

    def __init__(self, url: str, reason: str, what: str = "sent to") -> None:
        self.url, self.reason = url, reason
        super().__init__(f"nothing can be {what} {url!r}: {reason}")


class StoreError(Exception):
    """The store refused one object, or could not be reached after several tries; the message is for people."""


class Stopped(Exception):
    """An interruption was asked for in the middle of a file."""
