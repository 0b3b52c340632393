"""File descriptors that are all in use are passing trouble, as a full disk is: who meets it waits, and tries again."""

from __future__ import annotations

import errno
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from spacedrive_jobs._model.clock import Clock, sleep

SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE})
PAUSE: Final = 1.0
SAID_EVERY: Final = 60_000
"""Milliseconds between two warnings, however many loops meet it and however often."""

_log = logging.getLogger("spacedrive_jobs")


class Scarcity:
    """Keeps the loops of one library going."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said_at: int | None = None

    async def outlast(self, run: Callable[[], Awaitable[None]]) -> None:
        """`run`, begun anew a second after it found no file descriptor; until it ends. Raises what else it raises."""
        while True:
            try:
                return await run()
            except OSError as error:
                if error.errno not in SCARCE:
                    raise
            self._say()
            await sleep(self._clock, PAUSE)

    def _say(self) -> None:
        now = self._clock.now_ms()
        if self._said_at is None or abs(now - self._said_at) >= SAID_EVERY:
            self._said_at = now
            _log.warning("no file descriptor is left (ulimit -n): what needs one waits, and is tried again")
