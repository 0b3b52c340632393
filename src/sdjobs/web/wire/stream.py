"""What the stream of events says."""

from __future__ import annotations

from msgspec import Struct

from sdjobs.web.wire.jobs import Progress


class Hello(Struct, frozen=True, kw_only=True):
    """The first message of a stream. `resumed`: it goes on after the number that was asked for, so what follows may be
    applied to lists of that time; what has no number (see Changed) may have changed meanwhile. Else look at all lists
    after this, and apply what follows to them."""

    cursor: int
    resumed: bool
    library: str


class Resync(Struct, frozen=True, kw_only=True):
    """Changes were left out: look at all lists anew. The stream goes on after `cursor`."""

    cursor: int


class Moved(Struct, frozen=True, kw_only=True):
    """How far a running job is now."""

    job: str
    progress: Progress


class Movement(Struct, frozen=True, kw_only=True):
    """The running jobs that have moved; values in between were left out."""

    jobs: list[Moved]


class Changed(Struct, frozen=True, kw_only=True):
    """Something else is not as it was: `schedules`, `queue`, `questions`, `runners`, or `history`, because jobs
    were deleted from it."""

    what: list[str]
