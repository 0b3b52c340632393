"""What a task is, and how one run of it can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._tasks.interrupt import Interrupter, interruption_of, is_cancellation, strongest

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Task(Protocol[T_co]):
    """Work for a TaskSystem. What a resumed run needs to know, the task keeps in its own attributes."""

    async def run(self, interrupter: Interrupter, /) -> T_co:
        """Do the work. Call `interrupter.check()` where it is safe to stop; after a pause `run` is called anew."""
        ...


@runtime_checkable
class TellsIfNeverRun(Protocol):
    """A task that wants to know if it was stopped before its `run` was ever entered."""

    def never_ran(self, outcome: Paused | Cancelled, /) -> None:
        """It was asked to stop between its start and its first step. Called at most once for each such stop."""
        ...


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """`run` returned."""

    output: T


@dataclass(frozen=True, slots=True)
class Paused:
    """The run stopped and may be run again. `forced`: it was stopped by asyncio's cancel, not at a place of its own."""

    kind: Interruption = Interruption.PAUSE
    forced: bool = False
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The run stopped for good, by a cancel or a timeout; `error` is what its clean-up raised, if it did."""

    kind: Interruption = Interruption.CANCEL
    forced: bool = False
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Crashed:
    """`run` raised something that is no interruption; BaseExceptions such as SystemExit and MemoryError included."""

    error: BaseException


TaskOutcome: TypeAlias = Done[T] | Paused | Cancelled | Crashed


class CancelledItself(Exception):
    """A CancelledError came out of a task although nobody had asked it to stop. `__cause__` is that error."""

    def __init__(self) -> None:
        super().__init__("the task cancelled itself")


_FINAL: Final = frozenset({Interruption.CANCEL, Interruption.TIMEOUT})


def stopped(kind: Interruption, *, forced: bool = False, error: BaseException | None = None) -> Paused | Cancelled:
    """The outcome of a run that ended by an interruption of this kind."""
    return Cancelled(kind, forced, error) if kind in _FINAL else Paused(kind, forced, error)


def outcome_of(
    error: BaseException, *, requested: Interruption | None, forced: Interruption | None, from_outside: bool
) -> Paused | Cancelled | Crashed:
    """What a run that raised `error` came to, given what had been asked of it.

    `forced` is the kind for which the system itself cancelled the asyncio task. `from_outside` says that somebody else
    did: only the program around the system, when it closes down, has reason to.
    """
    kind = interruption_of(error)
    if kind is not None:
        return stopped(strongest(k for k in (kind, requested) if k is not None) or kind)
    cancellation = is_cancellation(error)
    if forced is not None:
        return stopped(forced, forced=True, error=None if cancellation else error)
    if not cancellation:
        # A cancel that was asked for stays one, whatever its clean-up raised.
        return Cancelled(error=error) if requested is Interruption.CANCEL else Crashed(error)
    if requested is not None:
        return stopped(requested, forced=from_outside)
    if from_outside:
        return Paused(Interruption.SHUTDOWN, forced=True)
    itself = CancelledItself()
    itself.__cause__ = error
    return Crashed(itself)
