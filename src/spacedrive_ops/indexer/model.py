"""The values of an index run: what is stored between attempts, what is shown, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import msgspec

IndexMode: TypeAlias = Literal["shallow", "content", "deep"]
"""`shallow`: names, sizes and times. `content`: also the BLAKE3 of what each file holds. `deep`: also thumbnails, and
what pictures, films and sounds say of themselves."""

CLOSENESS: Final[tuple[IndexMode, ...]] = ("shallow", "content", "deep")

IndexScope: TypeAlias = Literal["current", "recursive"]
"""`current`: what lies in the folder itself. `recursive`: at any depth."""

Phase: TypeAlias = Literal["discovery", "processing", "aggregation", "content", "media", "finalizing"]

PHASES: Final[tuple[tuple[str, float], ...]] = (
    ("discovery", 6),
    ("processing", 1),
    ("aggregation", 1),
    ("content", 12),
    ("media", 20),
    ("finalizing", 1),
)
"""The phases by their weights, in order. A run has those that its mode needs."""


@dataclass(slots=True)
class Found:
    """What a run has found so far, over all attempts. `size`: of all files, in bytes."""

    files: int = 0
    folders: int = 0
    size: int = 0
    new: int = 0
    modified: int = 0
    moved: int = 0
    deleted: int = 0
    excluded: int = 0
    errors: int = 0
    hashed: int = 0


@dataclass(slots=True)
class IndexState:
    """Where a run is. `cursor`: the folder that was read last (0: none), later the file that was hashed last.

    `fresh`: the location is new, so the index has nothing of it. `was_complete`: it had been indexed to its end before
    this run. `quarantined`: paths, in bytes, that did not answer.
    """

    location: int
    root: int
    phase: Phase = "discovery"
    cursor: int = 0
    fresh: bool = False
    was_complete: bool = False
    found: Found = field(default_factory=Found)
    quarantined: tuple[bytes, ...] = ()


class IndexOutput(msgspec.Struct, frozen=True):
    """What the run found, and what had become of it since the run before. `size`: of all files, in bytes.

    `offline`: the folder's disk was not there, or another one was in its place; the index was left as it was.
    """

    files: int
    folders: int
    size: int
    new: int
    modified: int
    moved: int
    deleted: int
    excluded: int
    errors: int
    hashed: int
    offline: bool = False
