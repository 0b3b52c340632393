"""The present, for ages and log entries: the only file of this package that reads the wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.fromtimestamp(time.time_ns() / 1e9, UTC)
