"""What of the files below the sources is sent, and what is not, and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from spacedrive_ops import sources
from spacedrive_ops.sources import Entry, Place


class Found(msgspec.Struct, frozen=True):
    """A file, or, with a `problem`, an entry that is not uploaded. `parts`: the names that its key is made of."""

    place: Place
    path: bytes
    parts: tuple[bytes, ...]
    size: int = 0
    problem: str = ""
    failed: bool = False


def walk(given: Sequence[Path], library: Path, after: Place | None) -> Iterator[Found]:
    """Each entry after `after`, in the order of `sources.walk`."""
    return map(_judged, sources.walk([os.fsencode(path) for path in given], library, after))


def _judged(entry: Entry) -> Found:
    if entry.status is None:
        return _problem(entry, entry.problem, failed=True)
    if stat.S_ISLNK(entry.status.st_mode):
        return _problem(entry, "is a link, and object stores have none")
    if not entry.is_file:
        return _problem(entry, "is no file: a FIFO, a socket or a device")
    return Found(entry.place, entry.path, entry.parts, entry.status.st_size)


def _problem(entry: Entry, words: str, *, failed: bool = False) -> Found:
    return Found(entry.place, entry.path, entry.parts, 0, words, failed)


def totals(found: Iterator[Found], interrupted: Callable[[], bool]) -> tuple[int, int] | None:
    """How many entries and bytes; None at an interruption."""
    items = size = 0
    for one in found:
        items += 1
        size += one.size
        if items % 1000 == 0 and interrupted():
            return None
    return items, size
