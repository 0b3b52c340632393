"""What `Library.open` was asked for."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from spacedrive_jobs._model.clock import Clock, SystemClock
from spacedrive_jobs._model.options import MAX_CRASHES
from spacedrive_jobs._model.readings import Probe, checked_declaration
from spacedrive_jobs._store.connection import Durability

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.tracing import OpenTelemetry

Runs: TypeAlias = Literal["all", "own", "none"]

LEASE: Final = 10.0
GRACE: Final = 10.0
HISTORY_DAYS: Final = 30.0


def default_slots() -> int:
    """max(4, 2 × cores): most attempts of file jobs wait for the disk."""
    return max(4, 2 * (os.cpu_count() or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`lease`, `grace` in seconds. `clock` and `jitter` are given by tests."""

    runs: Runs = "all"
    slots: int = field(default_factory=default_slots)
    durability: Durability = "full"
    lease: float = LEASE
    grace: float = GRACE
    history_days: float = HISTORY_DAYS
    max_crashes: int = MAX_CRASHES
    clock: Clock = field(default_factory=SystemClock)
    jitter: random.Random = field(default_factory=random.Random)
    vfs: str | None = None
    resources: Mapping[str, int] = field(default_factory=dict[str, int])
    probe: Probe | None = None
    telemetry: OpenTelemetry | None = None

    def __post_init__(self) -> None:
        if self.runs not in ("all", "own", "none"):
            raise ValueError(f'runs={self.runs!r}: say "all", "own" or "none"')
        if self.durability not in ("full", "normal"):
            raise ValueError(f'durability={self.durability!r}: say "full" or "normal"')
        checked_declaration(self.resources)
        if self.slots < 1:
            raise ValueError(f"slots={self.slots}: at least one attempt must be able to run")
        if self.lease <= 0 or self.grace < 0 or self.history_days <= 0:
            raise ValueError("lease and history_days must be above 0, grace at least 0")
