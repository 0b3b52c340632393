"""The walk: folder by folder, depth first, compared with what the index has. It writes nothing.

Folders are opened below one another by descriptor, so no path is too long and no link is followed. A folder comes
before what lies in it, its subfolders in the order of their names' bytes: so the folder that was read last stands for
all before it, and a run goes on from there.

Of a folder that the index knows the walk asks for its fingerprint first. Where that is what the disk has, the rows of
what lies in it need not be read.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from time import monotonic
from typing import Final, Literal, TypeAlias

import msgspec

from spacedrive_ops.folders import identity
from spacedrive_ops.indexer.comparison import Changed, Comparison, Sub
from spacedrive_ops.indexer.listing import (
    FOLDER,
    FORMAT,
    OPEN_FOLDER,
    Listing,
    list_folder,
    reopen_above,
)
from spacedrive_ops.indexer.rules import IGNORE_FILE, Ignoring, Judge
from spacedrive_ops.library_index.findings import Known, KnownFolder, Slice
from spacedrive_ops.whole_files.names import PARTIAL

KEPT_OPEN: Final = 48
"""How many levels of folders, counted from the deepest, stay open."""
ASKED_AHEAD: Final = 64
"""For how many folders beside one another the index is asked at once."""
MOST_LATER: Final = 64
MOST_NAMES_LATER: Final = 8_192
"""So many folders, and names in them, are compared with their rows at once: to ask of each costs more."""

ABSENT: Final = "is offline: the disk that was mounted here is not there, or is another one; the index keeps all it has"

_IDENTITY: Final = itemgetter(4, 5)

Question: TypeAlias = Literal["folders", "rows", "ids"]
"""What is asked of the index: KnownFolder of each folder, Known of each, or the first id for new entries."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk is told. `root_path`: the location's. `starts`: the folders in it where the walk begins, by their
    paths (empty: at the location's root) and ids.

    `fresh`: the index has nothing of what will be found. `enters`: which subfolders, all, those that the index has just
    learnt of, or none. `trusting`: a folder whose fingerprint is right is not compared row by row. `excluded`:
    identities of folders that do not exist for it. `closed`: absolute paths not to be entered, each with a reason.
    `absent`: absolute paths where the index keeps what it has, whatever is there.
    A turn ends after `most_rows` changes, `most_entries` or `seconds`.
    """

    location: int
    root_path: bytes
    starts: tuple[tuple[bytes, int], ...]
    fresh: bool
    enters: Literal["all", "new", "none"]
    excluded: frozenset[tuple[int, int]]
    closed: dict[bytes, str]
    absent: tuple[bytes, ...] = ()
    trusting: bool = True
    resume: tuple[bytes, ...] | None = None
    most_rows: int = 10_000
    most_entries: int = 50_000
    seconds: float = 0.4


@dataclass(slots=True)
class Frame:
    """A folder whose subfolders are being read. `path`: below the root of the walk."""

    id: int
    path: bytes
    fd: int
    subs: list[Sub]
    ignoring: Ignoring | None
    index: int = 0
    identity: tuple[int, int] = (0, 0)


class Walk:
    """`step` until `done`. `ask` answers its questions: it is called with a kind of question and ids of folders."""

    def __init__(self, setting: Setting, judge: Judge, ask: Callable[[Question, Sequence[int]], None]) -> None:
        """`Setting.resume`: the names of the folders down to the one that was read last; None: begin at the start."""
        resume = setting.resume
        self._set, self._judge, self._ask = setting, judge, ask
        self._resume = list(resume or ())
        self._read_before = len(self._resume) + 1 if resume is not None else 0
        self._starts = [*reversed(setting.starts)]
        self._frames: list[Frame] = []
        self._folders: dict[int, KnownFolder] = {}
        self._rows: dict[int, Known] = {}
        self._later: list[Changed] = []
        self._names_later = 0
        self._comparison = Comparison(setting.location, lambda: ask("ids", ()))
        self._root = setting.root_path.rstrip(b"/") + b"/"
        self._on_the_way = setting.fresh and bool(resume)
        self._absent: dict[bytes, list[str]] = {}
        for path in setting.absent:
            folder, name = os.path.split(path)
            self._absent.setdefault(folder, []).append(os.fsdecode(name))
        self._slice = Slice()
        self.done = False
        self.at: bytes = setting.root_path
        self.since: float = monotonic()

    def give(self, folders: dict[int, KnownFolder], rows: dict[int, Known], first_id: int) -> None:
        """The answer to a question; what was not asked is empty, or 0."""
        self._folders.update(folders)
        self._rows.update(rows)
        self._comparison.next_id = first_id or self._comparison.next_id

    def step(self) -> Slice:
        """Read folders for a while. Raises OSError if the root itself cannot be read."""
        slice_ = self._slice = Slice()
        setting = self._set
        ends = monotonic() + setting.seconds
        while not self.done:
            if self._frames:
                self._advance()
            elif self._starts:
                self._begin(*self._starts.pop())
            else:
                self.done = True
            if slice_.looked_at >= setting.most_entries or slice_.changes >= setting.most_rows or monotonic() > ends:
                break
        self._compare_later()
        slice_.at = self.at
        return slice_

    def look_at(self, path: bytes) -> None:
        """For the one who watches over us: a disk that does not answer is known by where we stand still."""
        self.at, self.since = path, monotonic()

    # --- from folder to folder ----------------------------------------------------------------------------------------

    def _begin(self, below: bytes, id_: int) -> None:
        """Go down to where the walk starts; the rules of the folders on the way hold there too."""
        setting = self._set
        self.look_at(self._root + below if below else setting.root_path)
        fd = os.open(setting.root_path, OPEN_FOLDER & ~os.O_NOFOLLOW)
        path, ignoring = b"", None
        try:
            for part in below.split(b"/") if below else ():
                ignoring = self._judge.in_folder(fd, _base_of(path), {IGNORE_FILE}, ignoring)
                inner = os.open(part, OPEN_FOLDER, dir_fd=fd)
                os.close(fd)
                fd, path = inner, path + b"/" + part if path else part
        except FileNotFoundError:
            os.close(fd)
            if len(setting.starts) == 1:
                raise
            return  # whoever asked for the folder asked for the one above it, too, which no longer has it
        except OSError:
            os.close(fd)
            raise
        if not self._needs_none():
            self._ask("folders", [id_])
        self._enter(fd, id_, below, False, ignoring)

    def _advance(self) -> None:
        frame = self._frames[-1]
        if frame.index >= len(frame.subs):
            self._leave()
            return
        name, id_, is_new = frame.subs[frame.index]
        if not is_new and id_ not in self._folders and not self._needs_none():
            ahead = frame.subs[frame.index : frame.index + ASKED_AHEAD]
            self._ask("folders", [id_ for _, id_, is_new in ahead if not is_new and id_ not in self._folders])
        frame.index += 1
        path = frame.path + b"/" + name if frame.path else name
        self.look_at(self._root + path)
        try:
            fd = os.open(name, OPEN_FOLDER, dir_fd=frame.fd)
        except OSError as error:
            self._folders.pop(id_, None)
            if not isinstance(error, FileNotFoundError):
                self._slice.troubles.append((self.at, "error", f"cannot be read: {(error.strerror or '').lower()}"))
            return
        self._enter(fd, id_, path, is_new, frame.ignoring)

    def _needs_none(self) -> bool:
        """In a first run the index has nothing; only of the folders on the way to where it stopped."""
        return self._set.fresh and not self._on_the_way

    def _enter(self, fd: int, id_: int, path: bytes, is_new: bool, above: Ignoring | None) -> None:
        slice_ = self._slice
        counts = slice_.files, slice_.subfolders, slice_.size, slice_.excluded
        try:
            subs, ignoring = self._read(fd, id_, path, is_new, above)
        except OSError as error:
            os.close(fd)
            if not self._frames and len(self._set.starts) == 1:
                raise
            slice_.troubles.append((self.at, "error", f"cannot be read: {(error.strerror or '').lower()}"))
            return
        slice_.cursor = id_
        if self._read_before:  # its entries were counted by the attempt before
            self._read_before -= 1
            slice_.files, slice_.subfolders, slice_.size, slice_.excluded = counts
        frame = Frame(id_, path, fd, self._to_enter(subs), ignoring)
        frame.index = self._first(frame.subs)
        self._frames.append(frame)
        if len(self._frames) > KEPT_OPEN:
            outer = self._frames[-KEPT_OPEN - 1]
            if outer.fd >= 0:
                outer.identity = identity(os.fstat(outer.fd))
                os.close(outer.fd)
                outer.fd = -1

    def _to_enter(self, subs: list[Sub]) -> list[Sub]:
        match self._set.enters:
            case "all":
                return subs
            case "new":
                return [sub for sub in subs if sub[2]]
            case "none":
                return []

    def _first(self, subs: list[Sub]) -> int:
        """Where to go on in a folder on the way to where a run stopped."""
        if not self._resume:
            self._on_the_way = False
            return 0
        name = self._resume.pop(0)
        at = bisect_left(subs, name, key=lambda sub: sub[0])
        if at >= len(subs) or subs[at][0] != name:  # it is no longer there: all before it has been read
            self._resume.clear()
            self._on_the_way = False
            self._read_before = 0
        return at

    def _leave(self) -> None:
        left = self._frames.pop()
        if not self._frames:
            os.close(left.fd)
            return
        above = self._frames[-1]
        try:
            if above.fd < 0:
                above.fd = reopen_above(left.fd, above.identity)
        except OSError:
            path = os.path.join(self._set.root_path, above.path)
            self._slice.troubles.append((path, "error", "was moved while it was being read"))
            above.index = len(above.subs)
            above.fd = os.dup(left.fd)
        finally:
            os.close(left.fd)

    # --- one folder ---------------------------------------------------------------------------------------------------

    def _read(
        self, fd: int, id_: int, path: bytes, is_new: bool, above: Ignoring | None
    ) -> tuple[list[Sub], Ignoring | None]:
        slice_ = self._slice
        listed, unreadable = list_folder(fd)
        slice_.looked_at += len(listed.names)
        if absent := self._absent.get(self.at, []):
            listed = listed.only([name not in absent for name in listed.names])
            for name in absent:
                slice_.troubles.append((os.path.join(self.at, os.fsencode(name)), "error", ABSENT))
        ignoring, base = above, ""
        if self._judge.uses_patterns:
            base = _base_of(path)
            ignoring = self._judge.in_folder(fd, base, set(listed.names), above)
        kept = self._without_left_out(listed, ignoring, base)
        fingerprint = kept.fingerprint() if not unreadable and not absent else None
        before, folders = self._folders.pop(id_, (None, []))
        if fingerprint is not None and fingerprint == before and self._set.trusting:
            slice_.size += kept.size()
            slice_.files += len(kept.names) - len(folders)
            slice_.subfolders += len(folders)
            return self._open_ones([(name, sub, False) for name, sub in folders], path), ignoring
        for name, reason in unreadable:
            slice_.troubles.append((os.path.join(self.at, os.fsencode(name)), "error", f"cannot be read: {reason}"))
        if fingerprint != before:
            slice_.fingerprints.append((fingerprint, id_))
        changed = Changed(id_, path, kept, [*absent, *(name for name, _ in unreadable)])
        if is_new or self._needs_none():
            subs = self._comparison.compare(changed, {}, slice_)
        elif not self._read_before and changed.holds_folders(folders):
            subs = [(name, sub, False) for name, sub in folders]
            self._put_off(changed)
        else:
            self._ask("rows", [id_])
            subs = self._comparison.compare(changed, self._rows.pop(id_), slice_)
        return self._open_ones(subs, path), ignoring

    def _put_off(self, changed: Changed) -> None:
        """Where a folder has the subfolders that the index knows, the walk goes on without its rows."""
        self._later.append(changed)
        self._names_later += len(changed.listed.names)
        if len(self._later) >= MOST_LATER or self._names_later >= MOST_NAMES_LATER:
            self._compare_later()

    def _compare_later(self) -> None:
        if not self._later:
            return
        self._ask("rows", [changed.id for changed in self._later])
        for changed in self._later:
            self._comparison.compare(changed, self._rows.pop(changed.id), self._slice)
        self._later, self._names_later = [], 0

    def _without_left_out(self, listed: Listing, ignoring: Ignoring | None, base: str) -> Listing:
        """Names that begin with a dot stand together, since they are in order: as a rule there are none."""
        judge = self._judge
        if listed.others and not self._set.excluded.isdisjoint(map(_IDENTITY, listed.others)):
            listed = listed.only([_IDENTITY(one) not in self._set.excluded for one in listed.facts])
        names = listed.names
        dotted = bisect_left(names, "."), bisect_left(names, "/")
        if dotted[0] == dotted[1] and ignoring is None and judge.names.isdisjoint(names):
            return listed
        listed = listed.only([one[:4] != ".sd-" or not PARTIAL.fullmatch(os.fsencode(one)) for one in names])
        kept = listed.only([not judge.excludes_name(one) for one in listed.names])
        if ignoring is not None:
            paths = [
                f"{base}{name}/" if one[0] & FORMAT == FOLDER else base + name
                for name, one in zip(kept.names, kept.facts, strict=True)
            ]
            kept = kept.only([not ignoring.excludes(path) for path in paths])
        self._slice.excluded += len(listed.names) - len(kept.names)
        return kept

    def _open_ones(self, subs: list[Sub], path: bytes) -> list[Sub]:
        """Without those that are not to be entered."""
        closed = self._set.closed
        if not closed:
            return subs
        here = os.path.join(self._set.root_path, path)
        entered: list[Sub] = []
        for sub in subs:
            below = os.path.join(here, sub[0])
            if below in closed:
                self._slice.troubles.append((below, "skipped", closed[below]))
            else:
                entered.append(sub)
        return entered


def _base_of(path: bytes) -> str:
    """As patterns see a folder below the root."""
    return os.fsdecode(path) + "/" if path else ""
