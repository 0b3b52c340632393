"""What `@job` may set."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from spacedrive_jobs._model.status import Priority

GB: Final = 10**9
GiB: Final = 1 << 30

Isolation: TypeAlias = Literal["async", "thread", "process"]

MAX_CRASHES: Final = 3
"""A job whose process died this often without an advancing checkpoint in between is failed."""

MAX_BACKOFF: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """One kind's options, as stored in its definition; `job`'s docstring explains each."""

    resumable: bool = True
    ephemeral: bool = False
    isolation: Isolation = "async"
    priority: int = Priority.NORMAL
    retries: int = 0
    backoff: timedelta = timedelta(seconds=1)
    timeout: timedelta | None = None
    deadline: timedelta | None = None
    checkpoint_interval: timedelta | None = None

    def delay_before_retry(self, errors: int, jitter: random.Random) -> timedelta:
        """Doubling from `backoff`, capped at an hour, ± 10 % so that many failures do not return at one moment."""
        doublings: int = min(errors - 1, 20)
        base = min(self.backoff * (1 << doublings), MAX_BACKOFF)
        return base * jitter.uniform(0.9, 1.1)
