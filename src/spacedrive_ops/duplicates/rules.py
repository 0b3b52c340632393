"""Which file of a group is kept, and what becomes of the others. Pure."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

Action: TypeAlias = Literal["reflink", "hardlink", "trash"]
"""`reflink`: the files share their blocks, and are two files as before. `hardlink`: one file with several names.
`trash`: only the kept one stays."""

Keep: TypeAlias = Literal["oldest", "newest", "shortest_path", "longest_path", "first_path"]
"""By the time of the last modification, by the length of the path, or by the path's letters."""

Order: TypeAlias = tuple[int, int, bytes]

ACTIONS: Final[tuple[Action, ...]] = ("reflink", "hardlink", "trash")
KEEPS: Final[tuple[Keep, ...]] = ("oldest", "newest", "shortest_path", "longest_path", "first_path")

_KEYS: Final[dict[str, Callable[[bytes, int], int]]] = {
    "oldest": lambda path, mtime_ns: mtime_ns,
    "newest": lambda path, mtime_ns: -mtime_ns,
    "shortest_path": lambda path, mtime_ns: len(path),
    "longest_path": lambda path, mtime_ns: -len(path),
    "first_path": lambda path, mtime_ns: 0,
}


class Rule(msgspec.Struct, frozen=True):
    """`prefer`: a file in the first of these folders that holds any is kept; among several, and where none is in any,
    `keep` decides, and at last the path's letters. `root`: only files in this folder count. `least`: bytes."""

    action: Action
    keep: Keep = "oldest"
    prefer: tuple[Path, ...] = ()
    root: Path | None = None
    least: int = 1

    def order(self, path: bytes, mtime_ns: int) -> Order:
        """The file of a group whose order is the lowest is kept."""
        return _place(path, self.prefer), _KEYS[self.keep](path, mtime_ns), path

    def concerns(self, path: bytes) -> bool:
        return self.root is None or lies_below(path, os.fsencode(self.root))


def _place(path: bytes, folders: Sequence[Path]) -> int:
    for number, folder in enumerate(folders):
        if lies_below(path, os.fsencode(folder)):
            return number
    return len(folders)


def lies_below(path: bytes, folder: bytes) -> bool:
    """By the letters: the index spells paths in one way."""
    return path.startswith(folder.rstrip(b"/") + b"/")
