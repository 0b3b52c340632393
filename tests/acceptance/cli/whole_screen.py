"""A terminal for programs that take the whole screen: pyte is what shows it."""

from __future__ import annotations

import fcntl
import re
import struct
import termios
from pathlib import Path

import pyte

from tests.acceptance.cli.terminal import Terminal
from tests.waiting import eventually

UNKNOWN_TO_PYTE = re.compile(r"\x1b\[[<>=?][0-9;]*[$u][a-z]?|\x1b\[[<>=][0-9;]*[a-z]")
"""Questions to the terminal, and the keyboard of kitty: a terminal that does not know them leaves them out."""

PATIENCE = 30.0
"""Seconds."""

ENTERS, LEAVES = "\x1b[?1049h", "\x1b[?1049l"


class WholeScreen(Terminal):
    """As Terminal; `screen()` is what stands on it, all rows of it."""

    def __init__(self, words: list[str], environment: dict[str, str], *, cwd: Path, columns: int, rows: int) -> None:
        super().__init__(words, environment, cwd=cwd, columns=columns, rows=rows)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._fed = 0

    def screen(self) -> list[str]:
        written = self.read()
        self._stream.feed(UNKNOWN_TO_PYTE.sub("", written[self._fed :]))
        self._fed = len(written)
        return [line.rstrip() for line in self._screen.display]

    def resize(self, columns: int, rows: int | None = None) -> None:
        self.columns, self.rows = columns, rows or self.rows
        self._screen.resize(self.rows, self.columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))

    def shows(self, words: str) -> None:
        """As Terminal; it takes longer than a line until a whole screen stands there on a busy machine."""
        eventually(
            lambda: any(words in line for line in self.screen()),
            within=PATIENCE,
            every=0.02,
            what=f"{words!r} on the screen",
        )

    def is_left(self) -> bool:
        """The screen from before is there again, with its cursor, and keys are echoed and make lines as usual."""
        written = self.read()
        on = termios.ECHO | termios.ICANON | termios.ISIG
        local = termios.tcgetattr(self._master)[3]
        return (
            written.rfind(LEAVES) > written.rfind(ENTERS)
            and written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l")
            and local & on == on
        )
