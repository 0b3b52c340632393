"""What the walk over a location gives to be backed up. Blocking."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spacedrive_ops.backup.format import Listed, listed, listed_link
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.model import Position
from spacedrive_ops.file_copy.plan import special_kind
from spacedrive_ops.file_copy.walk import Entry, Left, Root, Trouble, walk
from spacedrive_ops.folders import NOT_OPEN, identity_at


class Nowhere:
    """The other side of a walk that only looks."""

    ignores_case = False

    def enter(self, parent: Directory, name: str, *, retraced: bool) -> tuple[int, Collection[str]]:
        return NOT_OPEN, ()

    def names_of(self, folder: int) -> Collection[str]:
        return ()


@dataclass(slots=True)
class Found:
    """One entry of the walk; its folder is held open until `release`. `at`: where a walk goes on after it."""

    kind: Literal["file", "link", "folder", "problem"]
    folder: Directory
    name: str
    path: bytes
    parts: tuple[bytes, ...]
    at: Position
    status: os.stat_result
    outcome: Literal["warning", "error"] = "error"
    problem: str = ""
    entry: Listed | None = field(default=None)

    def release(self) -> None:
        self.folder.release()

    @property
    def size(self) -> int:
        return self.status.st_size if self.kind == "file" else 0


def found_in(root: Path, library: Path, after: Position | None) -> Iterator[Found]:
    """Every file, link and folder below a location's folder, each folder after what it holds, itself last."""
    path = os.fsencode(os.path.abspath(root))
    name = os.fsdecode(os.path.basename(path))
    excluded = {one for one in (identity_at(os.fsencode(library)),) if one is not None}
    for event in walk([Root(path, name, b"", name)], Nowhere(), after=after, excluded=excluded):
        event.folder.retain()
        yield _found(event)


def _found(event: Entry | Left | Trouble) -> Found:
    folder = event.folder
    below = folder.below_root()
    parts = tuple(below.split(b"/")) if below else ()
    if isinstance(event, Left):
        return Found("folder", folder, folder.name, folder.path, parts, Position(0, below), folder.status)
    if folder.parent is None:  # the location itself is no folder, or cannot be read
        at, path = Position(0), folder.child_path(event.name)
        problem = event.reason if isinstance(event, Trouble) else "is not a folder"
        return Found("problem", folder, event.name, path, (), at, folder.status, problem=problem)
    raw = os.fsencode(event.name)
    parts, path = (*parts, raw), folder.child_path(event.name)
    at = Position(0, os.path.join(below, raw))
    if isinstance(event, Trouble):
        outcome: Literal["warning", "error"] = "warning" if event.outcome == "warning" else "error"
        return Found("problem", folder, event.name, path, parts, at, folder.status, outcome, event.reason)
    if special := special_kind(event.status.st_mode):
        problem = f"is {special}, which cannot be backed up"
        return Found("problem", folder, event.name, path, parts, at, event.status, "warning", problem)
    kind: Literal["file", "link"] = "link" if stat.S_ISLNK(event.status.st_mode) else "file"
    return Found(kind, folder, event.name, path, parts, at, event.status)


def folder_entry(found: Found) -> Listed:
    """With the times that it had before it was read."""
    attributes = attributes_at(found.folder.source) if found.folder.source != NOT_OPEN else {}
    return listed(found.parts, found.status, attributes)


def link_entry(found: Found) -> Listed:
    """Raises OSError."""
    target = os.readlink(os.fsencode(found.name), dir_fd=found.folder.source)
    return listed_link(found.parts, found.status, target)


def attributes_at(fd: int) -> dict[str, bytes]:
    """Extended attributes, ACLs among them; none where they cannot be read."""
    found: dict[str, bytes] = {}
    try:
        names = os.listxattr(fd)
    except OSError:
        return found
    for name in names:
        try:
            found[name] = os.getxattr(fd, name)
        except OSError as error:
            if error.errno not in (errno.ENODATA, errno.EPERM, errno.EACCES):
                raise
    return found
