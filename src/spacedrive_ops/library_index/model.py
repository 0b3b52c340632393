"""The values of the index."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from spacedrive_ops.library_index.categories import Category, EntryKind


class Location(msgspec.Struct, frozen=True):
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


class IndexedEntry(msgspec.Struct, frozen=True):
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


class DuplicateGroup(msgspec.Struct, frozen=True):
    """Files that hold the same bytes. `wasted`: what all but one of them take up."""

    digest: bytes
    size: int
    count: int
    wasted: int


def path_of(location: bytes, below: bytes) -> Path:
    """From the stored bytes of a location and of a path below it."""
    return Path(os.fsdecode(os.path.join(location, below) if below else location))
