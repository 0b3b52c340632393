"""Is it the time of day at which a job may run?"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.readings import Condition
from spacedrive_jobs._model.resources import Hours


def read_hours(window: Hours, now_ms: int) -> Condition:
    """By the clock on the wall in the zone of `window`: on the day of a change a window is an hour longer or shorter,
    and one that lies within the hour that is left out does not come."""
    now = to_datetime(now_ms)
    try:
        local: datetime = now.astimezone(ZoneInfo(window.tz) if window.tz else None)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return Condition(False, f"this machine knows no time zone {window.tz}", impossible=True)
    return Condition(window.includes(local.time()))
