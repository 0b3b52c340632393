"""When a schedule is due: pure rules, computed in UTC from the last scheduled time (`docs/schedules.md` has the words).

Where clocks are put forward, a time that does not exist is run once, right after the gap. Where they are put back, a
rule with a fixed hour runs at the first of the two; one that repeats within the hour runs in both.
"""

from __future__ import annotations

import calendar as months_of
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias, final
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from spacedrive_jobs._model.clock import EARLIEST_MS, LATEST_MS, has_date, to_datetime

DAY_MS: Final = 86_400_000
ON_TIME_MS: Final = 60_000
"""A run that is late by no more than this is no misfire: the machine was only busy."""
MOST_COUNTED: Final = 1_000
"""Missed runs beyond this are not counted one by one."""
LATEST_DAY: Final = to_datetime(LATEST_MS).date()
NO_DATE: Final = "at a time before the year 1 or after 9999, which does not come: change the schedule, or remove it"
"""Of stored ones; `check` refuses to make another."""


class Every(msgspec.Struct, frozen=True, tag="every"):
    """A fixed interval, from an anchor; both in ms."""

    interval: int
    anchor: int


class Cron(msgspec.Struct, frozen=True, tag="cron"):
    """A five-field expression in the wall-clock time of an IANA zone."""

    expression: str
    tz: str


class Calendar(msgspec.Struct, frozen=True, tag="calendar"):
    """Every so many months, weeks or days from a first date, at a wall-clock time (minutes of the day) in a zone.

    Where a month is too short for the first date's day, its last day counts.
    """

    first: str
    minute: int
    tz: str
    months: int = 0
    days: int = 0


class At(msgspec.Struct, frozen=True, tag="at"):
    """Once."""

    when: int


class Unreadable(msgspec.Struct, frozen=True, tag="unreadable"):
    """What is stored is no rule that this version knows: it never fires, and the others go on."""


Trigger: TypeAlias = Every | Cron | Calendar | At | Unreadable

Overlap: TypeAlias = Literal["skip", "queue", "replace"]


@final
@dataclass(frozen=True, slots=True)
class CatchUp:
    """Misfire policy: run each missed time, the latest `limit` of them."""

    limit: int


NamedMisfire: TypeAlias = Literal["once", "skip"]
Misfire: TypeAlias = NamedMisfire | CatchUp

encode_trigger: Final = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[Trigger]] = msgspec.json.Decoder(Trigger)


def decode_trigger(data: bytes) -> Trigger:
    """Never raises: one rule that a newer version, or another program, has stored must not hide all others."""
    try:
        trigger = _decoder.decode(data)
        check_words(trigger)
    except (ValueError, msgspec.MsgspecError):
        return Unreadable()
    return trigger


def check(trigger: Trigger) -> None:
    """Raise ValueError, in words, for a rule that can never fire, cannot be read, or has times that no calendar has."""
    check_words(trigger)
    match trigger:
        case Every(interval=interval, anchor=anchor):
            if not (has_date(anchor) and has_date(anchor + interval)):
                raise ValueError("the first two runs of an interval must lie between the years 1 and 9999")
        case Calendar(first=first):
            if _date_of(trigger, date.fromisoformat(first), 1) is None:
                raise ValueError("the next run of a calendar rule must lie before the year 9999 ends")
        case At(when=when):
            if not has_date(when):
                raise ValueError("the moment of a single run must lie between the years 1 and 9999")
        case Cron() | Unreadable():
            return


def check_jitter(moment: int, jitter_ms: int) -> None:
    """Raise ValueError where a run at `moment` could be late by so much that no calendar has the time."""
    if not has_date(moment + jitter_ms):
        raise ValueError("the jitter is too long: a run would come after the year 9999")


def check_words(trigger: Trigger) -> None:
    """As `check`, of what the rule says, whenever its times come."""
    match trigger:
        case Every(interval=interval):
            if interval < 1000:
                raise ValueError("a schedule repeats at most once a second: every(seconds=1) or more")
        case Cron(expression=expression, tz=tz):
            zone(tz)
            try:
                next(CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC)))
            except (CronSimError, StopIteration) as error:
                raise ValueError(
                    f'{expression!r} is no cron rule; "0 3 * * *" is each day at three: {error}'
                ) from error
        case Calendar(months=months, days=days, tz=tz):
            zone(tz)
            if (months > 0) == (days > 0):
                raise ValueError(
                    "a calendar rule counts months, or weeks and days: calendar(months=1), calendar(days=2)"
                )
        case At() | Unreadable():
            return


def zone(name: str) -> ZoneInfo:
    """Raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write an IANA name such as Europe/Berlin") from error


def next_after(trigger: Trigger, after: int) -> int | None:
    """The first time (ms) later than `after`; None if there is none, or no calendar has it."""
    found = _next_after(trigger, max(after, EARLIEST_MS)) if after < LATEST_MS else None
    return found if found is not None and has_date(found) else None


def _next_after(trigger: Trigger, after: int) -> int | None:
    match trigger:
        case Every(interval=interval, anchor=anchor):
            if after < anchor:
                return anchor
            return anchor + ((after - anchor) // interval + 1) * interval
        case At(when=when):
            return when if when > after else None
        case Cron():
            return _next_of_cron(trigger, after)
        case Calendar():
            return _next_of_calendar(trigger, after)
        case Unreadable():
            return None


def _next_of_cron(trigger: Cron, after: int) -> int | None:
    local = to_datetime(after).astimezone(zone(trigger.tz))
    for moment in CronSim(trigger.expression, local):
        found = round(moment.astimezone(UTC).timestamp() * 1000)
        if found > after:  # the repeated hour could otherwise give the same instant twice
            return found
    return None


def _next_of_calendar(trigger: Calendar, after: int) -> int | None:
    there = zone(trigger.tz)
    first = date.fromisoformat(trigger.first)
    today = to_datetime(after).astimezone(there).date()
    if trigger.months:
        passed = (today.year - first.year) * 12 + today.month - first.month
        step = max(0, passed // trigger.months - 1)
    else:
        step = max(0, (today - first).days // trigger.days - 1)
    while (day := _date_of(trigger, first, step)) is not None:
        found = _instant(day, trigger.minute, there)
        if found > after:
            return found
        step += 1
    return None


def _date_of(trigger: Calendar, first: date, step: int) -> date | None:
    """None where it lies after LATEST_DAY."""
    if not trigger.months:
        days = first.toordinal() + trigger.days * step
        return date.fromordinal(days) if days < LATEST_DAY.toordinal() else None
    years, month = divmod(first.month - 1 + trigger.months * step, 12)
    year = first.year + years
    if year >= LATEST_DAY.year:
        return None
    return date(year, month + 1, min(first.day, months_of.monthrange(year, month + 1)[1]))


def _instant(day: date, minute: int, there: ZoneInfo) -> int:
    """The first moment at which the clock on the wall shows that time or a later one."""
    wall = datetime.combine(day, time(minute // 60, minute % 60), there)
    moment = wall.astimezone(UTC)
    if moment.astimezone(there).replace(tzinfo=None) != wall.replace(tzinfo=None):  # it is in a gap
        moment = _end_of_gap(wall.replace(fold=1).astimezone(UTC), moment, there)
    return round(moment.timestamp() * 1000)


def _end_of_gap(before: datetime, after: datetime, there: ZoneInfo) -> datetime:
    """When clocks were put forward, between two moments of which the one is before that and the other not."""
    offset = after.astimezone(there).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(there).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


class Due(NamedTuple):
    """What a schedule does now: the times to fire for, how many others were missed, and the next time."""

    fire: tuple[int, ...]
    missed: int
    next: int | None


def due(trigger: Trigger, scheduled: int, now: int, misfire: Misfire) -> Due:
    """For a schedule whose time `scheduled` has come."""
    following = next_after(trigger, now)
    times = [scheduled]
    count = 1
    if isinstance(trigger, Every):
        count = max(1, (now - scheduled) // trigger.interval + 1)
        times = [scheduled + trigger.interval * index for index in range(max(0, count - MOST_COUNTED), count)]
    else:
        while len(times) < MOST_COUNTED and (later := next_after(trigger, times[-1])) is not None and later <= now:
            times.append(later)
        count = len(times)
    latest = times[-1]
    if misfire == "once":
        return Due((latest,), count - 1, following)
    if misfire == "skip":
        return Due((latest,), count - 1, following) if now - latest <= ON_TIME_MS else Due((), count, following)
    fire = tuple(times[-misfire.limit :])
    return Due(fire, count - len(fire), following)


def describe(trigger: Trigger) -> str:
    """The rule in words."""
    match trigger:
        case Every(interval=interval):
            return f"every {_span(interval)}"
        case Cron(expression=expression, tz=tz):
            return f"cron {expression} ({tz})"
        case Calendar(months=months, days=days, minute=minute, tz=tz):
            unit = f"{months} months" if months > 1 else "month" if months else f"{days} days" if days > 1 else "day"
            return f"every {unit} at {minute // 60:02}:{minute % 60:02} ({tz})"
        case At(when=when):
            return f"once, {to_datetime(when):%Y-%m-%d %H:%M:%S} UTC" if has_date(when) else f"once, {NO_DATE}"
        case Unreadable():
            return "a rule that this version cannot read, and that never runs: change the schedule, or remove it"


def plain(trigger: Trigger) -> dict[str, object]:
    """The rule as plain values, to be shown in a form. The anchor of an interval is left out: it matters only once."""
    match trigger:
        case Every(interval=interval):
            return {"rule": "every", "seconds": interval / 1000}
        case Cron(expression=expression, tz=tz):
            return {"rule": "cron", "expression": expression, "tz": tz}
        case Calendar(months=months, days=days, minute=minute, tz=tz):
            in_weeks = days > 0 and days % 7 == 0
            unit, count = ("months", months) if months else ("weeks", days // 7) if in_weeks else ("days", days)
            return {
                "rule": "calendar", "unit": unit, "count": count, "at": f"{minute // 60:02}:{minute % 60:02}", "tz": tz,
            }  # fmt: skip
        case At(when=when):
            # a form can show no other: the nearest that there is
            return {"rule": "once", "at": to_datetime(min(max(when, EARLIEST_MS), LATEST_MS)).isoformat()}
        case Unreadable():
            return {"rule": "cron", "expression": "", "tz": "UTC"}  # a form that is still to be filled in


def _span(ms: int) -> str:
    for size, name in ((DAY_MS, "days"), (3_600_000, "hours"), (60_000, "minutes")):
        if ms % size == 0:
            count = ms // size
            return name[:-1] if count == 1 else f"{count} {name}"
    parts: list[str] = []
    for size, name in ((DAY_MS, "d"), (3_600_000, "h"), (60_000, "min")):
        count, ms = divmod(ms, size)
        parts += [f"{count} {name}"] if count else []
    return " ".join([*parts, f"{ms / 1000:g} s"] if ms else parts)
