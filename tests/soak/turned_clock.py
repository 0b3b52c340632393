"""`sdjobs` under a wall clock that may be turned while it runs.

python -m tests.soak.turned_clock FILE WORDS…

FILE holds how many seconds the clock is ahead, behind where negative.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from sdjobs import clock
from sdjobs.main import run
from spacedrive_jobs._model.clock import SystemClock


def turn(file: Path, seconds: int) -> None:
    """Whole or not at all: the clock is read at any moment."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds), "ascii")
    new.replace(file)


def main(file: Path, words: list[str]) -> int:
    def now_ms(_: SystemClock) -> int:
        return time.time_ns() // 1_000_000 + 1_000 * int(file.read_text("ascii"))

    def now() -> datetime:
        return datetime.fromtimestamp(now_ms(SystemClock()) / 1000, UTC)

    with mock.patch.object(SystemClock, "now_ms", now_ms), mock.patch.object(clock, "now", now):
        return run(words)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
