"""The attempts that run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.transition import ClaimedJob
from spacedrive_jobs._runtime.progress import ProgressTracker

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.body import Body


@dataclass(slots=True, eq=False)
class RunningAttempt:
    """One claim while its code runs. `reason` is what the one who asked to stop it said."""

    claimed: ClaimedJob
    definition: JobDefinition | None
    handle: Any = None
    body: Body | None = None
    tracker: ProgressTracker | None = None
    forced: Interruption | None = None
    reason: str = ""
    is_finishing: bool = False


Key = tuple[JobId, int]
"""By attempt, not by job: one that lost its claim may still run here while its successor does too."""


class Running:
    """Free slots are computed from this set, never counted by hand."""

    suspects: int

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._attempts: dict[Key, RunningAttempt] = {}
        self._finishing: set[Key] = set()
        self.suspects = 0

    @property
    def free(self) -> int:
        """Slots in which no code runs. An attempt whose code has ended and is being stored holds none."""
        return self._slots - (len(self._attempts) - len(self._finishing))

    def __len__(self) -> int:
        return len(self._attempts)

    def __iter__(self) -> Iterator[RunningAttempt]:
        return iter(list(self._attempts.values()))

    def get(self, job: JobId, attempt: int) -> RunningAttempt | None:
        return self._attempts.get((job, attempt))

    def add(self, running: RunningAttempt) -> None:
        self._attempts[_key(running)] = running
        self.suspects += running.claimed.crashes > 0

    def finishing(self, running: RunningAttempt) -> None:
        running.is_finishing = True
        self._finishing.add(_key(running))

    def remove(self, running: RunningAttempt) -> None:
        key = _key(running)
        if self._attempts.pop(key, None) is not None:
            self._finishing.discard(key)
            self.suspects -= running.claimed.crashes > 0


def _key(running: RunningAttempt) -> Key:
    claim = running.claimed.claim
    return claim.job, claim.attempt
