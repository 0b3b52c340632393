"""Which files lie below the paths that a job was given, in an order that is the same in every attempt. Blocking.

The files of a folder come first, then its subfolders, each in the order of the names' bytes. Only the folders are
looked at: what kind of entry each name is they tell themselves.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from spacedrive_ops.content.digest import PLAIN_PATH
from spacedrive_ops.folders import identity, open_path
from spacedrive_ops.whole_files.names import PARTIAL


class Place(NamedTuple):
    """The number of a given path, the folder below it (names joined by "/"), and the last file of it."""

    number: int
    folder: tuple[bytes, ...]
    name: bytes


class Found(NamedTuple):
    """A file; or, with a `problem`, what could not be read."""

    place: Place
    path: bytes
    problem: str = ""


def files_below(sources: Sequence[bytes], library: Path, after: Place | None) -> Iterator[Found]:
    """Each file after `after`. No link is followed; the library's own folder and partials do not exist for it."""
    apart = identity(os.stat(library))
    for number, source in enumerate(sources):
        if after is None or number >= after.number:
            here = after if after is not None and number == after.number else None
            yield from _below(number, os.path.abspath(source), apart, here)


def _below(number: int, source: bytes, apart: tuple[int, int], after: Place | None) -> Iterator[Found]:
    try:
        status = os.lstat(source)
    except OSError as error:
        if after is None:
            yield Found(Place(number, (), b""), source, _in_words(error))
        return
    if not stat.S_ISDIR(status.st_mode):
        if after is None:
            problem = "" if stat.S_ISREG(status.st_mode) else "is neither a file nor a folder"
            yield Found(Place(number, (), b""), source, problem)
        return
    waiting: list[tuple[tuple[bytes, ...], bytes]] = [((), source)]
    while waiting:
        parts, path = waiting.pop()
        if after is not None and parts < after.folder[: len(parts)]:
            continue  # it came before, with all that lies in it
        try:
            files, folders = _look_into(path, apart)
        except OSError as error:
            if _is_due(parts, b"", after):
                yield Found(Place(number, parts, b""), path, _in_words(error))
            continue
        start = path.rstrip(b"/") + b"/"
        for name in files:
            if after is None or _is_due(parts, name, after):
                yield Found(Place(number, parts, name), start + name)
        waiting += [((*parts, name), os.path.join(path, name)) for name in reversed(folders)]


def _is_due(parts: tuple[bytes, ...], name: bytes, after: Place | None) -> bool:
    return after is None or (parts, name) > (after.folder, after.name)


def _look_into(path: bytes, apart: tuple[int, int]) -> tuple[list[bytes], list[bytes]]:
    """The names of files, and of folders, in order."""
    fd = open_path(path) if len(path) > PLAIN_PATH else os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if identity(os.fstat(fd)) == apart:
            return [], []
        files: list[bytes] = []
        folders: list[bytes] = []
        with os.scandir(fd) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    files.append(os.fsencode(entry.name))
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(os.fsencode(entry.name))
    finally:
        os.close(fd)
    return sorted(name for name in files if PARTIAL.fullmatch(name) is None), sorted(folders)


def _in_words(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there"
    return f"cannot be read: {(error.strerror or '').lower()}"
