"""One entry on its way through a copy, and the tools that all of them share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from spacedrive_ops.file_copy.atomic import Partials
from spacedrive_ops.file_copy.copy import ByteCopier
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.metadata import Denied
from spacedrive_ops.file_copy.model import FULL, NoRoomLeft, Outcome
from spacedrive_ops.file_copy.plan import Decision

Work: TypeAlias = Literal["file", "link", "hard link", "rename", "folder", "note", "removal"]
"""What is to be done: copy a file or a symbolic link, make a hard link to an earlier copy, rename (a move within one
file system), finish a folder, only say something, or only remove the source of what was copied before."""


@dataclass(slots=True)
class Item:
    """One entry. `size` is what it counts in the total, `copied` how much of that was really moved over.

    `ready`: whole under its partial name (or nothing is to be written). `final`: the name that it got.
    `asked`: nothing was done, and what to do is a question for a person.
    `source_stays`: it was copied for a move, but its source could not be removed.
    """

    work: Work
    folder: Directory
    name: str
    target_name: str
    status: os.stat_result
    decision: Decision = Decision.CREATE
    size: int = 0
    copied: int = 0
    outcome: Outcome = "ok"
    reason: str = ""
    ready: bool = False
    retraced: bool = False
    source_stays: bool = False
    asked: bool = False
    partial: str = ""
    final: str = ""
    link_to: bytes = b""
    digest: bytes = b""

    @property
    def path(self) -> bytes:
        return self.folder.child_path(self.name) if self.work != "folder" else self.folder.path

    @property
    def is_reported(self) -> bool:
        """Folders count only where something is wrong with them; a removal was reported when it was copied."""
        return self.work != "removal" and not (self.work == "folder" and self.outcome == "ok")

    def end(self, outcome: Outcome, reason: str) -> None:
        """Decide that nothing more is written for this entry."""
        self.outcome, self.reason, self.ready = outcome, reason, True

    def fail(self, what: str, error: OSError) -> None:
        """Record trouble of this one entry. A full disk is not that: NoRoomLeft is raised instead."""
        if error.errno in FULL:
            raise NoRoomLeft(error)
        self.end("error", f"{what}: {error.strerror or error}")


class Tools(msgspec.Struct, frozen=True):
    """What the copying threads share."""

    partials: Partials
    copier: ByteCopier
    denied: Denied
    verify: bool
    durable: bool
    check_claim: Callable[[], None]
    interrupted: Callable[[], bool]
