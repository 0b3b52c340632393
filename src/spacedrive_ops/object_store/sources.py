"""The files below the sources, in the order of their names' bytes: the same in every attempt."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from spacedrive_ops.object_store.keys import KEY_MAX
from spacedrive_ops.whole_files.partial import PARTIAL

TOO_DEEP: Final = f"what it holds has paths longer than the {KEY_MAX:,} bytes that a key may have"

Place: TypeAlias = tuple[int, tuple[bytes, ...]]
"""The number of a source, and the names on the way from it to a file; in the order of the walk when compared."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or, with a `problem`, an entry that is not uploaded. `parts`: the names that its key is made of."""

    place: Place
    path: bytes
    parts: tuple[bytes, ...]
    size: int = 0
    problem: str = ""
    failed: bool = False


def walk(sources: Sequence[Path], library: Path, after: Place | None) -> Iterator[Found]:
    """Each entry after `after`. Links are not followed; the library's own folder and partials are left out."""
    apart = os.stat(library)
    for number, source in enumerate(sources):
        if after is not None and number < after[0]:
            continue
        path = os.path.abspath(os.fsencode(source))
        yield from _entry(Found((number, ()), path, (os.path.basename(path),)), after, apart, is_root=True)


def _entry(found: Found, after: Place | None, apart: os.stat_result, *, is_root: bool = False) -> Iterator[Found]:
    number, names = found.place
    if after is not None and after[0] == number and names < after[1][: len(names)]:
        return
    try:
        status = os.lstat(found.path)
        if stat.S_ISDIR(status.st_mode):
            if os.path.samestat(status, apart):
                return
            children = sorted(os.listdir(found.path))
        else:
            children = []
    except OSError as error:
        gone = isinstance(error, FileNotFoundError) and not is_root
        if not gone and _is_due(found.place, after):
            yield _problem(found, f"cannot be read: {(error.strerror or '').lower()}", failed=True)
        return
    if stat.S_ISDIR(status.st_mode):
        if sum(map(len, found.parts)) + len(found.parts) > KEY_MAX and _is_due(found.place, after):
            yield _problem(found, TOO_DEEP, failed=True)
            return
        for name in children:
            if PARTIAL.fullmatch(name) is None:
                below = Found((number, (*names, name)), os.path.join(found.path, name), (*found.parts, name))
                yield from _entry(below, after, apart)
    elif _is_due(found.place, after):
        yield _judged(found, status)


def _judged(found: Found, status: os.stat_result) -> Found:
    if stat.S_ISLNK(status.st_mode):
        return _problem(found, "is a link, and object stores have none")
    if not stat.S_ISREG(status.st_mode):
        return _problem(found, "is no file: a FIFO, a socket or a device")
    return Found(found.place, found.path, found.parts, status.st_size)


def _problem(found: Found, words: str, *, failed: bool = False) -> Found:
    return Found(found.place, found.path, found.parts, 0, words, failed)


def _is_due(place: Place, after: Place | None) -> bool:
    return after is None or place > after


def totals(found: Iterator[Found], interrupted: Callable[[], bool]) -> tuple[int, int] | None:
    """How many entries and bytes; None at an interruption."""
    items = size = 0
    for one in found:
        items += 1
        size += one.size
        if items % 1000 == 0 and interrupted():
            return None
    return items, size
