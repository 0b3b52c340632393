"""The values of a deletion: what is stored between attempts, and what is said of one entry."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

SHORT_ENOUGH: Final = 2048
"""A position longer than this is kept in a row of its own, so that the state stays small."""


@dataclass(slots=True)
class Totals:
    """What the scan found: entries (folders count too), and the bytes that their removal gives back."""

    items: int = 0
    bytes: int = 0


@dataclass(slots=True)
class DeleteState:
    """Where a deletion is. Small whatever the tree: what is gone is gone, so only the last failure is a place in it.

    `nothing_to_do`: a bit for each path that was not there when the job began, or lies in another one of its paths.
    `root`: the paths before this one are finished. `failed_at`: the last entry below it that could not be removed, its
    parts joined by "/" (None: none yet); what is there up to this place was reported and is not tried again.
    """

    nothing_to_do: bytes
    root: int = 0
    totals: Totals | None = None
    failed_at: bytes | None = None
    kept_apart: bool = False
    deleted: int = 0
    bytes_freed: int = 0
    failed: int = 0

    def has_nothing_to_do(self, number: int) -> bool:
        return bool(self.nothing_to_do[number >> 3] & (1 << (number & 7)))


def bits(numbers: Collection[int], count: int) -> bytes:
    """A bit for each number below `count`, set for those in `numbers`."""
    packed = bytearray((count + 7) >> 3)
    for number in numbers:
        packed[number >> 3] |= 1 << (number & 7)
    return bytes(packed)


class Failure(msgspec.Struct, frozen=True):
    """An entry that could not be removed: its path, its place below the root, and why."""

    path: bytes
    below: tuple[str, ...]
    reason: str


class Removed(msgspec.Struct, frozen=True):
    """An entry that is gone, and the bytes that its removal gave back."""

    bytes: int


Event = Removed | Failure


class Root(msgspec.Struct, frozen=True):
    """A path that was given, as a name in a folder."""

    given: Path
    holder: bytes
    name: str

    @property
    def path(self) -> bytes:
        return os.path.join(self.holder, os.fsencode(self.name))


def roots_of(paths: Collection[Path]) -> list[Root]:
    """The same in every attempt."""
    return [_root(path) for path in paths]


def _root(given: Path) -> Root:
    path = os.path.join(os.getcwdb(), os.fsencode(given))
    if os.path.basename(path) in (b"", b".", b".."):
        path = os.path.realpath(path)
    holder, name = os.path.split(path)
    return Root(given, holder or b"/", os.fsdecode(name))


def covered(roots: list[Root]) -> set[int]:
    """The numbers of the roots that are given twice, or lie in another one."""
    paths = [root.path for root in roots]
    first: dict[bytes, int] = {}
    for number, path in enumerate(paths):
        first.setdefault(path, number)
    found = {number for number, path in enumerate(paths) if first[path] != number}
    return found | {number for number, path in enumerate(paths) if _lies_in(path, first)}


def _lies_in(path: bytes, paths: Collection[bytes]) -> bool:
    above = os.path.dirname(path)
    while above != path:
        if above in paths:
            return True
        path, above = above, os.path.dirname(above)
    return False
