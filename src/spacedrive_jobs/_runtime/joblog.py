"""Each job's own log: lines appended to a file under `logs/`, at most two files of one MiB a job.

Written outside the database, so that a job that logs a thousand lines a second costs no commit, and a log that cannot
be written (a full disk) never fails a job.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from pathlib import Path
from typing import Final

from spacedrive_jobs._model.clock import Clock, to_datetime
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.record import LogLine

FILE_LIMIT: Final = 1 << 20
BUFFERED_LINES: Final = 10_000
"""Lines that may wait for the next flush; the oldest of more are dropped."""


class JobLog:
    """Thread-safe. `add` only remembers; `flush` writes."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._lines: dict[JobId, list[str]] = defaultdict(list)
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def add(self, job: JobId, attempt: int, message: str) -> None:
        line = f"{self._clock.now_ms()}\t{attempt}\t{_one_line(message)}\n"
        with self._lock:
            lines = self._lines[job]
            lines.append(line)
            if len(lines) > BUFFERED_LINES:
                del lines[: BUFFERED_LINES // 10]

    @property
    def waits(self) -> bool:
        return bool(self._lines)

    def flush(self) -> None:
        """Append what waits. Blocking. What cannot be written is dropped."""
        with self._writing:
            with self._lock:
                waiting, self._lines = self._lines, defaultdict(list)
            for job, lines in waiting.items():
                try:
                    self._append(job, "".join(lines).encode("utf-8", "backslashreplace"))
                except OSError:
                    continue

    def _append(self, job: JobId, data: bytes) -> None:
        path = self._path(job)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(descriptor, data)
            full = os.fstat(descriptor).st_size > FILE_LIMIT
        finally:
            os.close(descriptor)
        if full:
            path.replace(self._older(job))

    def read(self, job: JobId, limit: int) -> list[LogLine]:
        """The last `limit` lines, oldest first. Blocking."""
        self.flush()
        lines: list[LogLine] = []
        for path in (self._older(job), self._path(job)):
            try:
                text = path.read_text("utf-8", "replace")
            except OSError:
                continue
            lines += [line for line in map(_parsed, text.splitlines()) if line is not None]
        return lines[-limit:]

    def delete(self, job: JobId) -> None:
        for path in (self._older(job), self._path(job)):
            path.unlink(missing_ok=True)

    def _path(self, job: JobId) -> Path:
        return self._folder / f"{job.value.hex}.log"

    def _older(self, job: JobId) -> Path:
        return self._folder / f"{job.value.hex}.old.log"


def _one_line(message: str) -> str:
    """A line stays one line: breaks become the two characters that people read as such."""
    return message.replace("\r", "\\r").replace("\n", "\\n")


def _parsed(line: str) -> LogLine | None:
    """None for the torn last line of a process that was killed while writing."""
    at, _, rest = line.partition("\t")
    attempt, _, message = rest.partition("\t")
    if not (at.isdigit() and attempt.isdigit()):
        return None
    return LogLine(to_datetime(int(at)), int(attempt), message)
