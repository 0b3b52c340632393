"""Writing a schedule: a chain whose every step has only what may follow it, and that stores nothing before its end."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Coroutine
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, final, get_args
from unicodedata import category

from spacedrive_jobs._model import trigger as rules
from spacedrive_jobs._model.clock import to_datetime, to_ms
from spacedrive_jobs._model.errors import ArgumentError
from spacedrive_jobs._model.trigger import CatchUp, Misfire, Overlap, Trigger
from spacedrive_jobs._runtime.blocking_handle import BlockingSchedule
from spacedrive_jobs._runtime.loop_thread import LoopCaller
from spacedrive_jobs._runtime.schedules import Schedule
from spacedrive_jobs._store import schedules
from spacedrive_jobs._store.schedules import ScheduleRow

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

DoneT_co = TypeVar("DoneT_co", covariant=True)
RuleT = TypeVar("RuleT", bound=Trigger)


LONGEST_ID: Final = 200
MOST_CAUGHT_UP: Final = 1_000_000

forgotten: Final[list[str]] = []
"""Kinds whose schedules were never dispatched: a destructor cannot raise, so the test kit looks here."""


class Draft:
    """A schedule while its chain is written: nothing is stored before `dispatch`."""

    def __init__(
        self,
        engine: Engine,
        job: object,
        id_: str | None,
        misfire: Misfire,
        overlap: Overlap,
        jitter: timedelta | None,
        priority: int | None,
    ) -> None:
        self.dispatched: bool = True  # nothing to warn of while this may raise
        _check_policies(misfire, overlap)
        check_id(id_)
        self.engine: Engine = engine
        self.id: str | None = id_
        self._misfire: Misfire = misfire
        self._overlap: Overlap = overlap
        self._job, self._priority = job, priority
        self._jitter_ms = _milliseconds("jitter", jitter) if jitter is not None else 0
        definition = engine.registry.definition_of(job)
        self._kind = definition.kind
        if definition.options.ephemeral:
            raise ArgumentError(self._kind, "it is ephemeral: a schedule is stored, and its jobs are too")
        self.dispatched = False

    def __del__(self) -> None:
        if not self.dispatched:
            forgotten.append(self._kind)
            warnings.warn(
                f"a schedule of {self._kind!r} was written and never dispatched: end it with .dispatch()",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    def checked(self, rule: Callable[[], RuleT]) -> RuleT:
        """The rule. Raises ValueError for one that cannot be; nobody is told then that it was not dispatched."""
        try:
            made = rule()
            rules.check(made)
        except ValueError:
            self.dispatched = True
            raise
        return made

    def today(self, tz: str) -> date:
        """In a zone. Raises ValueError for an unknown one."""
        return to_datetime(self.engine.clock.now_ms()).astimezone(rules.zone(tz)).date()

    async def store(self, trigger: Trigger) -> Schedule[Any]:
        """Create or change the schedule. Raises ValueError for a rule that cannot be."""
        self.dispatched = True
        rules.check(trigger)
        engine, now = self.engine, self.engine.clock.now_ms()
        row = self._row(trigger, now)
        dice = engine.settings.jitter
        await engine.store.ask(lambda tx: schedules.store(tx, row, dice, now, own_id=self.id is not None))
        engine.times.changed()
        return Schedule(engine, row.id)

    def _row(self, trigger: Trigger, now: int) -> ScheduleRow:
        new = self.engine.dispatcher.plain(self._job, self._priority, now)
        return ScheduleRow(
            id=self.id or new.kind,
            kind=new.kind,
            version=new.version,
            arguments=new.arguments,
            priority=new.priority,
            resumable=new.resumable,
            tidies=new.tidies,
            lane=new.lane,
            trigger=trigger,
            misfire=self._misfire,
            overlap=self._overlap,
            jitter_ms=self._jitter_ms,
            paused=False,
            created_at=now,
            scheduled_at=None,
            next_at=None,
            last_job=None,
        )


@final
class Timed(Generic[DoneT_co]):
    """A complete rule; nothing is stored before `dispatch`."""

    def __init__(self, draft: Draft, trigger: Trigger, finish: Callable[[Draft, Trigger], DoneT_co]) -> None:
        self._draft, self._trigger, self._finish = draft, trigger, finish

    def dispatch(self) -> DoneT_co:
        """Store the schedule; one of the same id is changed. An unchanged rule keeps its next run."""
        self._draft.dispatched = True
        return self._finish(self._draft, self._trigger)


@final
class Repeated(Generic[DoneT_co]):
    """An interval: a complete rule that may still be given its first time (default: one interval from now)."""

    def __init__(self, draft: Draft, interval: int, finish: Callable[[Draft, Trigger], DoneT_co]) -> None:
        self._draft, self._interval, self._finish = draft, interval, finish

    def starting_at(self, first: datetime, /) -> Timed[DoneT_co]:
        """The first run; matters only when the schedule is created.

        Raises ValueError for a naive datetime, and for times after the year 9999.
        """
        return Timed(self._draft, self._draft.checked(lambda: rules.Every(self._interval, to_ms(first))), self._finish)

    def dispatch(self) -> DoneT_co:
        """As Timed.dispatch."""
        first = self._draft.engine.clock.now_ms() + self._interval
        return Timed(self._draft, rules.Every(self._interval, first), self._finish).dispatch()


@final
class Scheduling(Generic[DoneT_co]):
    """`schedule(job)`: no rule yet, so no `dispatch` either."""

    def __init__(self, draft: Draft, finish: Callable[[Draft, Trigger], DoneT_co]) -> None:
        self._draft, self._finish = draft, finish

    def every(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Repeated[DoneT_co]:
        """A fixed interval, whatever the clock on the wall does.

        Raises ValueError for less than a second, and for one that ends after the year 9999.
        """

        def rule() -> rules.Every:
            given = _span(days=days, hours=hours, minutes=minutes, seconds=seconds)
            return rules.Every(_milliseconds("every", given), self._draft.engine.clock.now_ms())

        return Repeated(self._draft, self._draft.checked(rule).interval, self._finish)

    def cron(self, expression: str, /, *, tz: str | None = None) -> Timed[DoneT_co]:
        """Five fields, in the wall-clock time of an IANA zone (default: the machine's). Raises ValueError."""
        rule = self._draft.checked(lambda: rules.Cron(expression, tz or local_zone()))
        return Timed(self._draft, rule, self._finish)

    def calendar(
        self, *, months: int = 0, weeks: int = 0, days: int = 0, at: time = time(0), tz: str | None = None
    ) -> Timed[DoneT_co]:
        """Every so many months, or weeks and days, counted from today, at a wall-clock time. Raises ValueError."""

        def rule() -> rules.Calendar:
            there = tz or local_zone()
            today = self._draft.today(there).isoformat()
            return rules.Calendar(today, at.hour * 60 + at.minute, there, months=months, days=days + 7 * weeks)

        return Timed(self._draft, self._draft.checked(rule), self._finish)

    def at(self, when: datetime, /) -> Timed[DoneT_co]:
        """Once. Raises ValueError for a naive datetime, and for one that is beyond the years 1 to 9999 in UTC."""
        return Timed(self._draft, self._draft.checked(lambda: rules.At(to_ms(when))), self._finish)


def scheduling(draft: Draft) -> Scheduling[Coroutine[Any, Any, Schedule[Any]]]:
    return Scheduling(draft, _finish)


def scheduling_blocking(caller: LoopCaller, draft: Draft) -> Scheduling[BlockingSchedule[Any]]:
    return Scheduling(draft, partial(_finish_blocking, caller))


async def _finish(draft: Draft, trigger: Trigger) -> Schedule[Any]:
    return await draft.store(trigger)


def _finish_blocking(caller: LoopCaller, draft: Draft, trigger: Trigger) -> BlockingSchedule[Any]:
    return BlockingSchedule(caller, caller.call(draft.store(trigger)))


def local_zone() -> str:
    """The machine's IANA zone: TZ, or what /etc/localtime links to; UTC where neither names one."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if not named:
        try:
            named = os.readlink("/etc/localtime").partition("zoneinfo/")[2]
        except OSError:
            named = ""
    try:
        rules.zone(named)
    except ValueError:
        return "UTC"
    return named


def _span(*, days: float, hours: float, minutes: float, seconds: float) -> timedelta:
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise ValueError("every: the interval is too long, its second run would come after the year 9999") from error


def _milliseconds(what: str, span: timedelta) -> int:
    if span < timedelta():
        raise ValueError(f"{what} cannot be negative: {span}")
    return round(span.total_seconds() * 1000)


def check_id(id_: str | None) -> None:
    """Raise ValueError for an id that has no address in the HTTP API, or that no terminal shows. Schedules that are
    stored under such a one can still be removed."""
    if id_ is None:
        return
    if not 1 <= len(id_) <= LONGEST_ID:
        raise ValueError(f"the id of a schedule has 1 to {LONGEST_ID} characters, not {len(id_)}")
    if "/" in id_ or id_ in (".", "..") or any(category(letter) in ("Cc", "Cs") for letter in id_):
        raise ValueError(f"{id_!r} is no id of a schedule: it has no slashes or control characters, and is not . or ..")


def _check_policies(misfire: Misfire, overlap: Overlap) -> None:
    """For callers without a type checker."""
    limit = misfire.limit if isinstance(misfire, CatchUp) else None
    if limit is None and misfire not in get_args(rules.NamedMisfire):
        raise ValueError(f'misfire={misfire!r}: say "once", "skip" or CatchUp(limit)')
    if limit is not None and not 1 <= limit <= MOST_CAUGHT_UP:
        raise ValueError(f"CatchUp needs a limit of 1 to {MOST_CAUGHT_UP:,}")
    if overlap not in get_args(Overlap):
        raise ValueError(f'overlap={overlap!r}: say "skip", "queue" or "replace"')
