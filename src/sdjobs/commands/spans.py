"""Spans and moments as they are typed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

import click

LONGEST: Final = timedelta(days=36_500)
"""A hundred years: added to the present or taken from it, it is still a date."""
UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_span(text: str) -> timedelta:
    """`6h`, `90m`, `1d12h`."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([dhms])", text.lower())
    if not parts or "".join(number + unit for number, unit in parts) != text.lower():
        raise click.BadParameter(f"{text!r} is no time span: write 30s, 90m, 6h, 1d12h.")
    try:
        span = timedelta(**{UNITS[unit]: float(number) for number, unit in parts})
    except OverflowError:  # so long that Python cannot count it
        span = timedelta.max
    if span > LONGEST:
        raise click.BadParameter(f"{text!r} is too long: write at most {LONGEST.days}d.")
    return span


def parse_moment(text: str) -> datetime:
    """ISO 8601; without an offset it is local time."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date and time: write 2026-12-24T18:00.") from None
    except OverflowError:
        raise click.BadParameter(f"{text!r} is before the year 1 or after 9999 in your time zone.") from None
