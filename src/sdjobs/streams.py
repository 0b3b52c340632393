"""The three standard streams: made safe at the start, and written so that a reader who left harms nothing."""

from __future__ import annotations

import base64
import errno
import io
import json
import os
import select
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final, TextIO

from sdjobs.text import shown

_READER_GONE: Final = frozenset({errno.EPIPE, errno.EIO, errno.ECONNRESET, errno.ENXIO})
"""EIO: the terminal was closed."""


def secure_standard_streams() -> None:
    """Open what the caller closed, so that no file of a job ever gets descriptor 1 and is printed into.

    Printing never raises for a character that the stream cannot encode: it is written as an escape.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            os.set_inheritable(descriptor, True)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class Output:
    """Writes to one stream. Once its reader has left (broken pipe, closed terminal) everything is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self.stream: Final = stream
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the reader has left; seen also while there is nothing to write."""
        if not self._closed and _reader_has_left(self.stream):
            self.abandon()
        return self._closed

    def line(self, text: str = "") -> None:
        """One line for people. Control characters in it are escaped."""
        self._write(shown(text) + "\n")

    def document(self, value: object) -> None:
        """One JSON value on one line; ASCII, so that nothing in it can act on a terminal."""
        self._write(json.dumps(value, ensure_ascii=True, default=_plain) + "\n")

    def verbatim(self, text: str) -> None:
        """Text that this program made itself, several lines of it."""
        self._write(text)

    def _write(self, text: str) -> None:
        if self._closed:
            return
        with self.until_closed():
            self.stream.write(text)
            self.stream.flush()

    @contextmanager
    def until_closed(self) -> Generator[None, None, None]:
        """What is written within may find that the reader has left: then the rest is dropped."""
        try:
            yield
        except OSError as error:
            if error.errno not in _READER_GONE:
                name = {1: "standard output", 2: "standard error"}.get(self.stream.fileno(), self.stream.name)
                raise OSError(error.errno, error.strerror, name) from error
            self.abandon()

    def abandon(self) -> None:
        """The reader has left: write to nothing from now on, also what is still buffered."""
        self._closed = True
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.stream.fileno())
            os.close(nothing)
        except OSError:
            pass

    @property
    def is_terminal(self) -> bool:
        return self.stream.isatty()

    @property
    def draws_unicode(self) -> bool:
        """Whether lines and dots beyond ASCII can be shown."""
        return draws_unicode(self.stream.encoding, os.environ)


def _reader_has_left(stream: TextIO) -> bool:
    """A pipe without a reader, or a terminal that hung up. Streams without a descriptor have no such reader."""
    try:
        looked = select.poll()
        looked.register(stream.fileno(), 0)
        return any(events & (select.POLLERR | select.POLLHUP) for _, events in looked.poll(0))
    except (OSError, ValueError):
        return False


def _plain(value: object) -> object:
    """What JSON has no form for: bytes as base64, the rest as text."""
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else str(value)


def draws_unicode(encoding: str | None, environment: Mapping[str, str]) -> bool:
    """Python writes UTF-8 even under LC_ALL=C: who sets that asks for ASCII."""
    if not (encoding or "").lower().replace("-", "").startswith("utf"):
        return False
    return environment.get("LC_ALL", "") not in ("C", "POSIX") and environment.get("TERM") != "dumb"
