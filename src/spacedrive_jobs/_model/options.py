"""What `@job` may set."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, final

from spacedrive_jobs._model.resources import Resource
from spacedrive_jobs._model.status import Priority
from spacedrive_jobs._model.transition import OnFailure, UniquePolicy

LimitKey: TypeAlias = str | tuple[str, ...] | Callable[[Any], str]
"""What jobs that share a limit have in common: arguments by name, or what a function makes of the job."""

Isolation: TypeAlias = Literal["async", "thread", "process"]

MAX_CRASHES: Final = 3
"""A job whose process died this often without an advancing checkpoint in between is failed."""

MAX_BACKOFF: Final = timedelta(hours=1)


@final
@dataclass(frozen=True, slots=True)
class Unique:
    """No two unfinished jobs of a kind with equal `fields` (names of arguments; none: the kind alone).

    `policy`: a twin gives the live job's handle ("return"), is refused with NotUnique ("reject"), or cancels it and
    takes its place once its code has stopped ("replace").
    """

    fields: tuple[str, ...] = ()
    policy: UniquePolicy = "return"


@final
@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` starts of a kind in any span of length `per`, over all processes."""

    count: int
    per: timedelta


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
    max_concurrent: int | None = None
    max_per_key: int | None = None
    limit_key: LimitKey | None = None
    rate_limit: Rate | None = None
    depends_on: tuple[object, ...] = ()
    on_failure: OnFailure = "run"
    scope: str | None = None
    unique: Unique | None = None
    requires_resources: tuple[Resource, ...] = ()

    def delay_before_retry(self, errors: int, jitter: random.Random) -> timedelta:
        """Doubling from `backoff`, capped at an hour, ± 10 % so that many failures do not return at one moment."""
        doublings: int = min(errors - 1, 20)
        base = min(self.backoff * (1 << doublings), MAX_BACKOFF)
        return base * jitter.uniform(0.9, 1.1)
