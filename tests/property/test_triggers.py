"""Next times over every IANA zone, 2000 to 2035, around the moments when clocks are changed, against brute force."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacedrive_jobs._model.clock import to_datetime, to_ms
from spacedrive_jobs._model.trigger import Calendar, CatchUp, Cron, Every, Trigger, describe, due, next_after
from tests.property import zones

PARTS = 12
CHANGES = 1
STEPS = 4

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("part", range(PARTS))
def test_each_zone_around_its_changes(part: int) -> None:
    """A fixed time runs once a day, right after the gap where it does not exist, at the first of two where it is
    repeated; a rule within the hour runs in every one of them. It always advances, and never to a time that is not."""
    checked = 0
    for name in zones.zones()[part::PARTS]:
        dice, zone = random.Random(name), ZoneInfo(name)
        changes = zones.transitions(name)
        moments = dice.sample(changes, min(CHANGES, len(changes))) or [datetime(2026, 3, 29, 1, tzinfo=UTC)]
        for change in moments:
            checked += _check(name, zone, change, dice)
    assert checked > 250


def _check(name: str, zone: ZoneInfo, change: datetime, dice: random.Random) -> int:
    near = zones.wall(change - zones.MINUTE, zone) + timedelta(minutes=dice.randint(-90, 150))
    hour, minute = near.hour, dice.choice([0, 15, 30, 59, dice.randrange(60)])
    start = change + timedelta(minutes=dice.randint(-1_500, 300))
    first = (start - timedelta(days=400)).date().isoformat()
    checked = 0
    for rule in (Cron(f"{minute} {hour} * * *", name), Calendar(first, hour * 60 + minute, name, days=1)):
        after = start
        for _ in range(STEPS):
            after = _same(rule, zones.daily(hour, minute, zone, after), after)
            checked += 1
    within = dice.choice([5, 15, 20, 30])
    after = change - timedelta(minutes=70)
    for _ in range(STEPS):
        after = _same(Cron(f"*/{within} * * * *", name), zones.each(within, zone, after), after)
        checked += 1
    return checked


def _same(rule: Trigger, wanted: datetime, after: datetime) -> datetime:
    found = next_after(rule, to_ms(after))
    assert found is not None
    assert to_datetime(found) == wanted, (rule, after)
    assert wanted > after
    return wanted


def test_helsinki_in_the_autumn_of_2017() -> None:
    """cases.md S2: minute 30 of each hour runs in both of the repeated ones."""
    zone = ZoneInfo("Europe/Helsinki")
    at = datetime(2017, 10, 29, 2, 45, tzinfo=zone)
    seen: list[str] = []
    for _ in range(4):
        found = next_after(Cron("30 * * * *", "Europe/Helsinki"), to_ms(at))
        assert found is not None
        at = to_datetime(found).astimezone(zone)
        seen.append(at.isoformat()[11:])
    assert seen == ["03:30:00+03:00", "03:30:00+02:00", "04:30:00+02:00", "05:30:00+02:00"]


@given(
    first=st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    months=st.integers(1, 18),
    after=st.datetimes(datetime(2000, 1, 1), datetime(2035, 12, 31)),
)
def test_months_keep_their_day_or_take_the_last(first: date, months: int, after: datetime) -> None:
    found = next_after(Calendar(first.isoformat(), 180, "UTC", months=months), to_ms(after.replace(tzinfo=UTC)))
    assert found is not None
    moment = to_datetime(found)
    passed = (moment.year - first.year) * 12 + moment.month - first.month
    last_of_month = (moment.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert passed % months == 0
    assert moment.day == min(first.day, last_of_month.day)
    assert moment > after.replace(tzinfo=UTC)
    assert passed == 0 or moment.date() > first


@given(
    interval=st.integers(1_000, 10**9),
    late=st.integers(0, 10**10),
    limit=st.integers(1, 50),
)
def test_what_was_missed_is_fired_or_counted(interval: int, late: int, limit: int) -> None:
    """Every missed time is accounted for once, and the next one is in the future."""
    now = 5_000 + late
    for misfire in ("once", "skip", CatchUp(limit)):
        plan = due(Every(interval, 5_000), 5_000, now, misfire)
        assert len(plan.fire) + plan.missed == late // interval + 1
        assert list(plan.fire) == sorted(set(plan.fire))
        assert all(5_000 <= moment <= now for moment in plan.fire)
        assert plan.next is not None
        assert now < plan.next <= now + interval


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (60, "every minute"),
        (5_400, "every 90 minutes"),
        (7_200, "every 2 hours"),
        (86_400, "every day"),
        (0.5, "every 0.5 s"),
        (90, "every 1 min 30 s"),
        (5_430, "every 1 h 30 min 30 s"),
        (90_061.5, "every 1 d 1 h 1 min 1.5 s"),
    ],
)
def test_an_interval_is_said_in_the_units_that_people_use(seconds: float, words: str) -> None:
    assert describe(Every(round(seconds * 1000), 0)) == words
