"""The values of the index."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from spacedrive_ops.library_index.categories import Category, EntryKind


@dataclass(frozen=True, slots=True)
class Location:
    """A folder that is indexed. `indexed_ms`: when a run that found changes last came to its end (milliseconds since
    1970), None: never.

    `complete`: the index has all that was there then. `state`: "new", "online", or "offline" when its disk was not
    there.
    """

    id: int
    path: Path
    root_id: int | None
    device: int | None
    inode: int | None
    filesystem: int | None
    volume: str
    state: str
    complete: bool
    indexed_ms: int | None


@dataclass(frozen=True, slots=True)
class IndexedEntry:
    """One entry, as the index has it. `name` is printable, `path` exact. Sizes in bytes; a folder's is that of all
    files below it. `modified_ns`: nanoseconds since 1970. `digest`: BLAKE3 of what it holds, None if not read yet.
    """

    id: int
    path: Path
    name: str
    kind: EntryKind
    category: Category
    size: int
    modified_ns: int
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Files that hold the same bytes. `wasted`: what all but one of them take up."""

    digest: bytes
    size: int
    count: int
    wasted: int


def path_of(location: bytes, below: bytes) -> Path:
    """From the stored bytes of a location and of a path below it."""
    return Path(os.fsdecode(os.path.join(location, below) if below else location))
