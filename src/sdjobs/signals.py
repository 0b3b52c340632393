"""Ctrl-C and the signals that end a process, as values in a loop that goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

from sdjobs.exit_codes import ExitCode

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Counts what arrives and hands it on. One too many and the process ends at once: a job that blocks the event
    loop cannot be asked, and the person at the keyboard must get away. Its claims are free when it is gone."""

    def __init__(
        self, deliver: Callable[[signal.Signals], None], *, patience: int, farewell: Callable[[], None] | None = None
    ) -> None:
        self._deliver = deliver
        self._left = patience
        self._farewell = farewell

    def handle(self, number: int, _: FrameType | None) -> None:
        if self._left <= 0:
            leave_at_once(self._farewell)
        self._left -= 1
        self._deliver(signal.Signals(number))

    def no_more_patience(self) -> None:
        """From now on the next signal ends the process."""
        self._left = 0


SHOW_CURSOR: Final = b"\x1b[?25h"
HIDE_CURSOR: Final = b"\x1b[?25l"


def leave_at_once(farewell: Callable[[], None] | None = None) -> None:
    if farewell is not None:
        with suppress(OSError, termios.error):  # the terminal may have gone before
            farewell()
    elif sys.stdout.isatty():
        os.write(1, SHOW_CURSOR + b"\n")  # the live bar may have hidden it
    os._exit(ExitCode.INTERRUPTED)


def stop_as_asked(number: int, _: FrameType | None) -> None:
    """Ctrl-Z: give the shell its cursor, stop as everybody does, and go on when continued."""
    os.write(1, SHOW_CURSOR + b"\n")
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.signal(number, stop_as_asked)
    os.write(1, HIDE_CURSOR)


@contextmanager
def listening(
    deliver: Callable[[signal.Signals], None], *, patience: int = 2, farewell: Callable[[], None] | None = None
) -> Generator[Signals, None, None]:
    """Within, the stopping signals go to `deliver` in the running loop. What the caller ignores (nohup, a job in the
    background of a script) stays ignored. `farewell` brings the terminal back where the process ends at once.

    Plain handlers, not the loop's own: they are called even where a job's code holds up the loop.
    """
    loop = asyncio.get_running_loop()
    signals = Signals(lambda number: _call(loop, deliver, number), patience=patience, farewell=farewell)
    before: dict[signal.Signals, Any] = {number: signal.getsignal(number) for number in STOPPING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signals.handle)
    if sys.stdout.isatty() and signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
        before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, stop_as_asked)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _call(loop: asyncio.AbstractEventLoop, deliver: Callable[[signal.Signals], None], number: signal.Signals) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(deliver, number)
