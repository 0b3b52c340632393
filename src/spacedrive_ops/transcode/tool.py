"""A program under watch: read in slices by a thread of the pool, and killed with all it started.

It is the child of a small supervisor, which kills its group when our end of a pipe is closed: by us, or by the kernel
when this process dies, however that comes about.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import IO, Final, cast

from spacedrive_ops.transcode import supervisor
from spacedrive_ops.transcode.report import LastLines

SLICE: Final = 0.2
LOOK_EVERY: Final = 0.05
LAST_WAIT: Final = 5.0
"""Seconds that a killed program gets to be gone. More is needed only where a disk does not answer."""


class Tool:
    """One run of a program. `output` gets its standard output, `said` keeps the last lines of its complaints."""

    def __init__(
        self,
        command: Sequence[str | bytes],
        output: Callable[[bytes], None],
        *,
        keep_open: Sequence[int] = (),
        niceness: int = 0,
    ) -> None:
        """Start it. `keep_open`: descriptors that it inherits. Raises OSError."""
        self._output = output
        self.said = LastLines()
        read, self._life = os.pipe()
        arguments = [sys.executable, "-IS", supervisor.__file__, str(read), str(niceness), *command]
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(read, *keep_open),
                start_new_session=True,
            )
        except OSError:
            os.close(self._life)
            raise
        finally:
            os.close(read)
        self._streams: list[IO[bytes]] = [
            cast("IO[bytes]", stream) for stream in (self._process.stdout, self._process.stderr)
        ]
        self._open = {stream.fileno(): stream for stream in self._streams}
        self._reading = threading.Lock()
        self._killed = False

    def some(self, interrupted: Callable[[], bool]) -> int | None:
        """Read for a moment; the exit code if it has ended (negative for a signal)."""
        end = monotonic() + SLICE
        with self._reading:
            while self._open and not self._killed and monotonic() < end and not interrupted():
                ready, _, _ = select.select(list(self._open), [], [], LOOK_EVERY)
                for fd in ready:
                    self._read(fd)
            if self._open and not self._killed:
                return None
        try:
            return self._process.wait(LOOK_EVERY)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End it with its group, and let go of all that belongs to it. Any number of times, in any thread."""
        if not self._killed:
            self._killed = True
            os.close(self._life)
        try:
            self._process.wait(LAST_WAIT)
        except subprocess.TimeoutExpired:
            pass  # the supervisor still waits for it, and goes when it can
        with self._reading:
            self._open.clear()
            for stream in self._streams:
                stream.close()

    def bytes_moved(self) -> int:
        """How much it has read and written so far, in all its processes; for telling whether it stands still."""
        return sum(_bytes_moved(pid) for pid in _children(self._process.pid))

    def _read(self, fd: int) -> None:
        data = os.read(fd, 1 << 16)
        if not data:
            del self._open[fd]
        elif fd == self._streams[0].fileno():
            self._output(data)
        else:
            self.said.feed(data)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def _bytes_moved(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/io").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("rchar", "wchar")))
