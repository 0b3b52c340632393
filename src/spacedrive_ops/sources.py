"""What lies below the paths that a job was given, in the order of the names' bytes: the same in every attempt."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from spacedrive_ops.folders import identity
from spacedrive_ops.whole_files.names import PARTIAL

Place: TypeAlias = tuple[int, tuple[bytes, ...]]
"""The number of a path that was given, and the names on the way from it to an entry; in the order of the walk when
compared."""


class Entry(msgspec.Struct, frozen=True):
    """A file, a link or a special file; or, with a `problem`, what could not be read. `parts`: the last name of the
    given path, and the names below it."""

    place: Place
    path: bytes
    parts: tuple[bytes, ...]
    status: os.stat_result | None = None
    problem: str = ""

    @property
    def was_given(self) -> bool:
        """Whether the path itself was given, not a folder that holds it."""
        return not self.place[1]

    @property
    def is_file(self) -> bool:
        return self.status is not None and stat.S_ISREG(self.status.st_mode)


def walk(sources: Sequence[bytes], library: Path, after: Place | None) -> Iterator[Entry]:
    """Each entry after `after`, folders left out. Links are not followed; the library's own folder and partials do not
    exist for it. Blocking."""
    apart = identity(os.stat(library))
    for number, source in enumerate(sources):
        if after is not None and number < after[0]:
            continue
        path = os.path.abspath(source)
        waiting = [Entry((number, ()), path, (os.path.basename(path),))]
        while waiting:
            entry = waiting.pop()
            if not _is_over(entry.place, after):
                yield from _look_at(entry, after, apart, waiting)


def _look_at(entry: Entry, after: Place | None, apart: tuple[int, int], waiting: list[Entry]) -> Iterator[Entry]:
    """The entry, if it is one to give; what a folder holds is put in front of what waits."""
    try:
        status = os.lstat(entry.path)
        names = sorted(os.listdir(entry.path), reverse=True) if stat.S_ISDIR(status.st_mode) else []
    except OSError as error:
        gone = isinstance(error, FileNotFoundError) and not entry.was_given
        if not gone and _is_due(entry.place, after):
            yield Entry(entry.place, entry.path, entry.parts, None, f"cannot be read: {(error.strerror or '').lower()}")
        return
    if not stat.S_ISDIR(status.st_mode):
        if _is_due(entry.place, after):
            yield Entry(entry.place, entry.path, entry.parts, status)
    elif identity(status) != apart:
        number, above = entry.place
        for name in names:
            if PARTIAL.fullmatch(name) is None:
                below = (number, (*above, name))
                waiting.append(Entry(below, os.path.join(entry.path, name), (*entry.parts, name)))


def _is_over(place: Place, after: Place | None) -> bool:
    """Whether the entry, and all that it may hold, came before."""
    return after is not None and after[0] == place[0] and place[1] < after[1][: len(place[1])]


def _is_due(place: Place, after: Place | None) -> bool:
    return after is None or place > after


def place_of(number: int, path: bytes) -> Place | None:
    """A place as it is stored: `number` (below zero: none yet), and the names joined by "/"."""
    return None if number < 0 else (number, tuple(path.split(b"/")) if path else ())


def path_in(place: Place) -> bytes:
    """The names of a place, as `place_of` takes them."""
    return b"/".join(place[1])
