"""When a rule is next due, by brute force: minute after minute, over every IANA zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FIRST, LAST = 2000, 2035


def zones() -> list[str]:
    """Every name but the aliases of files that are no places."""
    return sorted(
        name for name in available_timezones() if not name.startswith(("posix", "right")) and name != "localtime"
    )


@cache
def transitions(name: str) -> tuple[datetime, ...]:
    """The moments (UTC) from 2000 to 2035 at which the zone's clocks are changed."""
    zone = ZoneInfo(name)
    day, end = datetime(FIRST, 1, 1, tzinfo=UTC), datetime(LAST + 1, 1, 1, tzinfo=UTC)
    found: list[datetime] = []
    offset = day.astimezone(zone).utcoffset()
    while day < end:
        following = day + timedelta(days=1)
        if following.astimezone(zone).utcoffset() != offset:
            found.append(_between(day, following, zone))
            offset = following.astimezone(zone).utcoffset()
        day = following
    return tuple(found)


def _between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > MINUTE:
        middle = before + (after - before) / 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows."""
    return moment.astimezone(zone).replace(tzinfo=None)


def daily(hour: int, minute: int, zone: ZoneInfo, after: datetime) -> datetime:
    """A fixed time of the day: for each date the first moment at which the wall clock shows it or a later time."""
    due = [_first_at(datetime.combine(day, time(hour, minute)), zone, after) for day in _dates(after, zone)]
    return min(moment for moment in due if moment > after)


def _dates(after: datetime, zone: ZoneInfo) -> Iterator[date]:
    day = wall(after, zone).date() - timedelta(days=1)
    for _ in range(5):
        yield day
        day += timedelta(days=1)


def _first_at(wanted: datetime, zone: ZoneInfo, near: datetime) -> datetime:
    """Walks forward from a moment that is surely before it: by hours where the clock on the wall runs on evenly and
    does not come so far, else minute by minute. No zone's clocks are changed twice within an hour."""
    moment = near.replace(second=0, microsecond=0) - timedelta(days=4)
    while (shown := wall(moment, zone)) < wanted:
        hour_later = wall(moment + HOUR, zone)
        moment += HOUR if hour_later == shown + HOUR and hour_later < wanted else MINUTE
    return moment


def each(minutes: int, zone: ZoneInfo, after: datetime) -> datetime:
    """A rule that repeats within the hour: every minute that the wall clock shows as a multiple, however often."""
    moment = after.replace(second=0, microsecond=0) + MINUTE
    while wall(moment, zone).minute % minutes:
        moment += MINUTE
    return moment
