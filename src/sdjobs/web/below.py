"""Reading below a folder and nowhere else: each part of a path is opened in the one before, and no link is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def folder_below(root: str | os.PathLike[str], parts: Sequence[str]) -> Generator[int]:
    """A descriptor of a folder below `root`. Raises OSError, for a link too."""
    check(parts)
    # The root itself was chosen by whoever started the server: it may be reached through a link.
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            inner = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def read_below(root: Path, path: Path, limit: int) -> bytes:
    """The bytes of a regular file below `root`. Blocking. Raises OSError, for anything else too."""
    *parts, name = path.parts
    check([name])
    with folder_below(root, parts) as folder:
        with open(os.open(name, _FILE, dir_fd=folder), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(f"{name!r} is no regular file")
            return file.read(limit)


def check(parts: Sequence[str]) -> None:
    """Raises OSError for a part that is no name."""
    for part in parts:
        if part in ("", ".", "..") or "/" in part or "\0" in part:
            raise OSError(f"{part!r} is no name")
