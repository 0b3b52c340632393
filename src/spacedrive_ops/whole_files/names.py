"""Names for files: which ones are free, and what to call the second of a name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

NAME_MAX: Final = 255


def exists(folder: int, name: str) -> bool:
    """Whether `name` exists in `folder`, as any kind of entry."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def numbered_names(name: str) -> Iterator[str]:
    """ "name (2).ext", "name (3).ext", ... each at most 255 bytes long, cut between characters."""
    stem, extension = os.path.splitext(name)
    if len(os.fsencode(extension)) > 32:
        stem, extension = name, ""
    number = 2
    while True:
        ending = f" ({number}){extension}"
        kept = stem
        while len(os.fsencode(kept + ending)) > NAME_MAX:
            kept = kept[:-1]
        yield kept + ending
        number += 1
