"""The attempts that run in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.transition import ClaimedJob
from spacedrive_jobs._runtime.progress import ProgressTracker
from spacedrive_jobs._runtime.speeds import SpeedHistory

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.body import Body
    from spacedrive_jobs._runtime.services import JobServices
    from spacedrive_jobs._runtime.tracing import AttemptSpan


@dataclass(frozen=True, slots=True)
class Later:
    """What an attempt waits for that ends of its own accord: a moment (ms), or answers."""

    reason: str
    due_at: int | None = None
    questions: tuple[bytes, ...] = ()


@dataclass(slots=True, eq=False)
class RunningAttempt:
    """One claim while its code runs. `reason` is what the one who asked to stop it said.

    `waits`: how many branches of its code wait for children, answers or a time; while one does it holds no slot.
    `later`: it ends now and goes on later. `suspended`: it was asked to make room. `span`: where somebody wants spans.
    """

    claimed: ClaimedJob
    definition: JobDefinition | None
    handle: Any = None
    body: Body | None = None
    tracker: ProgressTracker | None = None
    speeds: SpeedHistory | None = None
    forced: Interruption | None = None
    reason: str = ""
    is_finishing: bool = False
    services: JobServices | None = None
    waits: int = 0
    later: Later | None = None
    suspended: bool = False
    span: AttemptSpan | None = None


Key = tuple[JobId, int]
"""By attempt, not by job: one that lost its claim may still run here while its successor does too."""


class Running:
    """Free slots are computed from this set, never counted by hand."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._attempts: dict[Key, RunningAttempt] = {}
        self._finishing: set[Key] = set()
        self._yielding: set[Key] = set()
        self._wanting: list[tuple[RunningAttempt, asyncio.Future[None]]] = []

    @property
    def free(self) -> int:
        """Slots in which no code runs. An attempt that waits holds none, nor does one whose end is being stored."""
        return self._slots - len(self._attempts) + len(self._finishing | self._yielding)

    @property
    def suspects(self) -> int:
        """Attempts whose code runs and whose process has died before. One that waits is none: what it waits for may be
        a suspect too, as a child is that ran when its parent's process died."""
        return sum(running.claimed.crashes > 0 for key, running in self._attempts.items() if key not in self._yielding)

    # --- attempts that wait -------------------------------------------------------------------------------------------

    def yields(self, running: RunningAttempt) -> None:
        """Its slot is another's from now on."""
        if _key(running) in self._attempts:
            self._yielding.add(_key(running))

    def back_at_once(self, running: RunningAttempt) -> None:
        """It goes on without having waited for a slot: because it ends."""
        self._yielding.discard(_key(running))

    def wants_back(self, running: RunningAttempt) -> asyncio.Future[None]:
        """Resolved when the attempt has a slot again; those who want one back come before all new claims."""
        wanted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wanting.append((running, wanted))
        return wanted

    def wanting(self) -> list[tuple[RunningAttempt, asyncio.Future[None]]]:
        """Those who still want their slot back, first in line first."""
        self._wanting = [(running, wanted) for running, wanted in self._wanting if not wanted.done()]
        return list(self._wanting)

    def __len__(self) -> int:
        return len(self._attempts)

    def __iter__(self) -> Iterator[RunningAttempt]:
        return iter(list(self._attempts.values()))

    def get(self, job: JobId, attempt: int) -> RunningAttempt | None:
        return self._attempts.get((job, attempt))

    def add(self, running: RunningAttempt) -> None:
        self._attempts[_key(running)] = running

    def finishing(self, running: RunningAttempt) -> None:
        running.is_finishing = True
        self._finishing.add(_key(running))

    def remove(self, running: RunningAttempt) -> None:
        key = _key(running)
        if self._attempts.pop(key, None) is not None:
            self._finishing.discard(key)
            self._yielding.discard(key)


def _key(running: RunningAttempt) -> Key:
    claim = running.claimed.claim
    return claim.job, claim.attempt
