"""What the API says of the library: its index, its disk, and all of it at a glance."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sdjobs.web.wire.queue import Counts, PausedQueue, Runner
from sdjobs.web.wire.words import Moment, PathValue


class Location(Struct, frozen=True, kw_only=True):
    """A folder that is indexed."""

    id: int
    path: PathValue
    shown: str
    state: Annotated[str, Meta(description="`new`, `online`, or `offline` when its disk was not there.")]
    complete: bool
    indexed_at: Moment | None
    sentence: str


class CategoryTotal(Struct, frozen=True, kw_only=True):
    """How many indexed files are of a category."""

    category: str
    files: int
    bytes: int


class Disk(Struct, frozen=True, kw_only=True):
    """The disk that a folder is on."""

    shown: str
    library: Annotated[bool, Meta(description="The library itself lies on it.")]
    free: int
    total: int
    sentence: Annotated[str, Meta(description="`120.4 of 500.0 GB free`")]


class Overview(Struct, frozen=True, kw_only=True):
    """The library at a glance."""

    id: str
    name: str
    shown: Annotated[str, Meta(description="The library's folder.")]
    role: Annotated[Literal["full", "read"], Meta(description="What the token of this request may do.")]
    sentence: Annotated[str, Meta(description="What goes on, in one sentence.")]
    attended: Annotated[bool, Meta(description="A process runs the jobs.")]
    warning: Annotated[str, Meta(description="What is wrong with how the server is reached; empty where nothing is.")]
    counts: Counts
    questions: int
    paused_queues: list[PausedQueue]
    runners: list[Runner]
    locations: list[Location]
    files: int
    bytes: int
    categories: list[CategoryTotal]
    disks: list[Disk]


class Entry(Struct, frozen=True, kw_only=True):
    """One file or folder, as the index has it."""

    path: PathValue
    shown: str
    name: str
    kind: Literal["file", "folder", "link", "special"]
    category: str
    size: int
    size_words: str
    modified_ns: int
    modified_at: Moment | None
    digest: Annotated[str | None, Meta(description="BLAKE3 of what it holds: the content id of its thumbnail.")]


class EntryList(Struct, frozen=True, kw_only=True):
    """Entries of the index."""

    entries: list[Entry]


class DuplicateGroup(Struct, frozen=True, kw_only=True):
    """Files that hold the same bytes."""

    digest: str
    size: int
    count: int
    wasted: int
    sentence: str
    files: list[Entry]


class DuplicateList(Struct, frozen=True, kw_only=True):
    """Groups of files with the same bytes, the most wasteful first."""

    groups: list[DuplicateGroup]


class Folder(Struct, frozen=True, kw_only=True):
    """A folder that may be chosen. `id` names it to this endpoint, `path` in a job's arguments."""

    id: Annotated[str, Meta(description="Its path's bytes in URL-safe base64.")]
    path: PathValue
    shown: str
    readable: bool


class FolderList(Struct, frozen=True, kw_only=True):
    """The folders in a folder; without one, the roots."""

    folder: Folder | None
    parent: Annotated[str | None, Meta(description="The id of the folder above; null at a root.")]
    folders: list[Folder]
    more: Annotated[bool, Meta(description="There are more folders than were listed.")]
