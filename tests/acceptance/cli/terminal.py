"""A terminal for tests: what a program writes to it, and what then stands on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path

from tests.waiting import eventually

CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|[\x00-\x1f\x7f-\x9f]")


class Terminal:
    """A program with a pseudo-terminal as its controlling one: `press` sends keys, `screen` is what can be read."""

    def __init__(self, words: list[str], environment: dict[str, str], *, cwd: Path, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.pid, self._master = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child becomes the program
            os.chdir(cwd)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(words[0], words, environment)
        self.written = ""
        self._decoder = __import__("codecs").getincrementaldecoder("utf-8")()
        self._code: int | None = None

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def read(self) -> str:
        """Take what is there to be read; all that was written so far."""
        while select.select([self._master], [], [], 0)[0]:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the program has left its terminal
                break
            if not data:
                break
            self.written += self._decoder.decode(data)
        return self.written

    def screen(self) -> list[str]:
        """The lines as they stand on the screen, without the empty ones at the end."""
        return Screen(self.columns, self.rows).fed(self.read()).lines()

    def shows(self, words: str) -> None:
        """Wait until `words` stand on the screen."""
        eventually(
            lambda: any(words in line for line in self.screen()),
            what=f"{words!r} on the screen {self.screen()}",
        )

    def ends(self) -> int:
        """Wait for its end; the exit code."""
        eventually(self._has_ended, within=15, what=f"the end of the program; its screen: {self.screen()}")
        self.read()
        assert self._code is not None
        return self._code

    def _has_ended(self) -> bool:
        self.read()  # else it may wait for room in the terminal
        return self.has_gone()

    def has_gone(self) -> bool:
        """Whether it has ended, with a terminal that can be read no more."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self._master)
        self._master = -1

    def resize(self, columns: int) -> None:
        self.columns = columns
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, columns, 0, 0))

    def close(self) -> None:
        if self._code is None and os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._master >= 0:
            os.close(self._master)


class Screen:
    """As much of a terminal as the command line may use. Whatever else is written to it fails the test."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._cells: list[list[str]] = [[]]
        self._row = self._column = 0

    def fed(self, written: str) -> Screen:
        position = 0
        for match in CONTROL.finditer(written):
            self._print(written[position : match.start()])
            position = match.end()
            self._control(match)
        self._print(written[position:])
        return self

    def lines(self) -> list[str]:
        lines = ["".join(cells).rstrip() for cells in self._cells]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _print(self, text: str) -> None:
        for character in text:
            if self._column == self._columns:
                self._down()
                self._column = 0
            cells = self._cells[self._row]
            cells.extend(" " * (self._column + 1 - len(cells)))
            cells[self._column] = character
            self._column += 1

    def _down(self) -> None:
        self._row += 1
        while len(self._cells) <= self._row:
            self._cells.append([])

    def _control(self, match: re.Match[str]) -> None:
        parameter, command = match.group(1), match.group(2)
        count = int(parameter) if parameter and parameter.isdigit() else 1
        if match.group() == "\n":
            self._down()
        elif match.group() == "\r":
            self._column = 0
        elif command == "A":
            self._row = max(self._row - count, 0)
        elif command == "K":
            assert parameter == "2", match.group()
            self._cells[self._row] = []
        elif command in ("m",) or match.group() in ("\x1b[?25l", "\x1b[?25h"):
            pass
        else:
            raise AssertionError(f"{match.group()!r} was written to the terminal")


def wait_without_reading(seconds: float) -> None:
    """For a terminal that takes nothing: the reader does nothing for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        select.select([], [], [], end - time.monotonic())
