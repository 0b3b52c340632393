"""The full-screen view from its beginning to its end: the library, the signals, the terminal."""

from __future__ import annotations

import logging
import os
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.screen.app import WatchApp
from sdjobs.settings import Settings
from sdjobs.signals import listening

LEAVES = b"\x1b[?2004l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""Pasting, wrapping and keys as usual, the screen from before, its cursor, no reports of focus."""


async def show(settings: Settings) -> ExitCode:
    """Show the library on the whole screen until a key or a signal says that it is enough.

    Raises what kept it from going on; the terminal is then as it was.
    """
    with quiet_logs():
        async with open_library(settings) as library:
            app = WatchApp(library, settings)
            with kept_terminal() as restore, listening(lambda _: app.action_interrupt(), patience=1, farewell=restore):
                code = await app.run_async(mouse=False)
    if app.failure is not None:
        raise app.failure
    return code if code is not None else ExitCode.INTERRUPTED


@contextmanager
def quiet_logs() -> Generator[None, None, None]:
    """Within, what the library logs is not printed into the screen; what matters to a person is said there in words."""
    logger, silent = logging.getLogger("spacedrive_jobs"), logging.NullHandler()
    logger.addHandler(silent)
    try:
        yield
    finally:
        logger.removeHandler(silent)


@contextmanager
def kept_terminal() -> Generator[Callable[[], None], None, None]:
    """Gives what brings the terminal back, for where nothing else can any more; where an error passes it is called."""
    before = termios.tcgetattr(0)

    def restore() -> None:
        os.write(2, LEAVES)  # where the view is drawn
        termios.tcsetattr(0, termios.TCSANOW, before)

    try:
        yield restore
    except BaseException:
        with suppress(OSError, termios.error):
            restore()
        raise
    with suppress(OSError, termios.error):  # a window that was closed needs nothing
        if termios.tcgetattr(0) != before:
            restore()
