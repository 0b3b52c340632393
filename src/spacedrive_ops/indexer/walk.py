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
from itertools import count
from operator import itemgetter
from time import monotonic
from typing import Final, Literal, TypeAlias

from spacedrive_ops.folders import identity
from spacedrive_ops.indexer.listing import (
    FOLDER,
    FORMAT,
    KINDS,
    OPEN_FOLDER,
    SPECIAL,
    Listing,
    OnDisk,
    list_folder,
    reopen_above,
)
from spacedrive_ops.indexer.rules import IGNORE_FILE, Ignoring, Judge
from spacedrive_ops.library_index.categories import category_of
from spacedrive_ops.library_index.findings import Facts, Known, KnownFolder, Slice
from spacedrive_ops.whole_files.names import PARTIAL

KEPT_OPEN: Final = 48
"""How many levels of folders, counted from the deepest, stay open."""
ASKED_AHEAD: Final = 64
"""For how many folders beside one another the index is asked at once."""
MOST_LATER: Final = 64
MOST_NAMES_LATER: Final = 8_192
"""So many folders, and names in them, are compared with their rows at once: to ask of each costs more."""
PATH_STORED: Final = 4096
LATEST: Final = (1 << 63) - 1
"""The year 2262: what is later, SQLite's integers cannot hold."""

_IDENTITY: Final = itemgetter(4, 5)
_MTIME: Final = itemgetter(2)
_CTIME: Final = itemgetter(3)
_INODE: Final = itemgetter(5)

Sub: TypeAlias = tuple[bytes, int, bool]
"""A subfolder: its name, its id, and whether the index has just learnt of it."""

Question: TypeAlias = Literal["folders", "rows", "ids"]
"""What is asked of the index: KnownFolder of each folder, Known of each, or the first id for new entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a walk is told. `root_path`: the location's. `starts`: the folders in it where the walk begins, by their
    paths (empty: at the location's root) and ids.

    `fresh`: the index has nothing of what will be found. `enters`: which subfolders, all, those that the index has just
    learnt of, or none. `trusting`: a folder whose fingerprint is right is not compared row by row. `excluded`:
    identities of folders that do not exist for it. `closed`: absolute paths not to be entered, each with a reason.
    A turn ends after `most_rows` changes, `most_entries` or `seconds`.
    """

    location: int
    root_path: bytes
    starts: tuple[tuple[bytes, int], ...]
    fresh: bool
    enters: Literal["all", "new", "none"]
    excluded: frozenset[tuple[int, int]]
    closed: dict[bytes, str]
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


@dataclass(frozen=True, slots=True)
class Later:
    """A folder that has changed, to be compared with its rows. `unreadable`: names that stay as the index has them."""

    id: int
    path: bytes
    listed: Listing
    unreadable: list[str]


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
        self._later: list[Later] = []
        self._names_later = 0
        self._next_id = 0
        self._root = setting.root_path.rstrip(b"/") + b"/"
        self._on_the_way = setting.fresh and bool(resume)
        self._slice = Slice()
        self.done = False
        self.at: bytes = setting.root_path
        self.since: float = monotonic()

    def give(self, folders: dict[int, KnownFolder], rows: dict[int, Known], first_id: int) -> None:
        """The answer to a question; what was not asked is empty, or 0."""
        self._folders.update(folders)
        self._rows.update(rows)
        self._next_id = first_id or self._next_id

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
                self._slice.troubles.append((self.at, "error", f"cannot be read: {error.strerror}"))
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
            slice_.troubles.append((self.at, "error", f"cannot be read: {error.strerror}"))
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
        ignoring, base = above, ""
        if self._judge.uses_patterns:
            base = _base_of(path)
            ignoring = self._judge.in_folder(fd, base, set(listed.names), above)
        kept = self._without_left_out(listed, ignoring, base)
        fingerprint = kept.fingerprint() if not unreadable else None
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
        changed = Later(id_, path, kept, [name for name, _ in unreadable])
        if is_new or self._needs_none():
            subs = self._compare(changed, {})
        elif not self._read_before and _holds_folders(kept, folders):
            subs = [(name, sub, False) for name, sub in folders]
            self._put_off(changed)
        else:
            self._ask("rows", [id_])
            subs = self._compare(changed, self._rows.pop(id_))
        return self._open_ones(subs, path), ignoring

    def _put_off(self, changed: Later) -> None:
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
            self._compare(changed, self._rows.pop(changed.id))
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

    def _take_all(self, listed: Listing, folder: int) -> bool:
        """Take regular files of which the index knows none, all at once; False where one of them is unusual."""
        facts = listed.facts
        if not facts or max(max(map(fact, facts)) for fact in (_MTIME, _CTIME, _INODE)) > LATEST:
            return False
        try:
            raw = "/".join(listed.names).encode().split(b"/")
        except UnicodeEncodeError:
            return False
        slice_, location, first = self._slice, self._set.location, self._ids(len(raw))
        slice_.entries += [
            (id_, location, folder, name, 1, category_of(name), size, mtime, ctime, device, inode, links, mode, None)
            for id_, name, (mode, size, mtime, ctime, device, inode, links) in zip(
                count(first), raw, facts, strict=False
            )
        ]
        slice_.size += listed.size()
        slice_.files += len(raw)
        return True

    def _compare(self, changed: Later, known: Known) -> list[Sub]:
        """Take what is new, changed or lost. The subfolders, in the order of their names."""
        listed = changed.listed
        for name in changed.unreadable:  # it is there, and stays in the index as it was
            known.pop(os.fsencode(name), None)
        if not known and not listed.others and self._take_all(listed, changed.id):
            return []
        subs = self._compare_each(listed, changed.id, changed.path, known)
        self._slice.lost += [(gone,) for gone, _ in known.values()]
        subs.sort()
        return subs

    def _compare_each(self, listed: Listing, folder: int, path: bytes, known: Known) -> list[Sub]:
        """Take what is new or changed; what remains in `known` is lost. The subfolders."""
        slice_ = self._slice
        subs: list[Sub] = []
        for name, one in zip(listed.names, listed.facts, strict=True):
            try:
                raw, label = name.encode(), None
            except UnicodeEncodeError:
                raw, label = os.fsencode(name), os.fsencode(name).decode("utf-8", "backslashreplace")
            facts = _facts_of(one)
            kind = facts[0]
            if kind == 1:
                slice_.size += facts[1]
            if (before := known.pop(raw, None)) is not None and before[1][0] == kind:
                id_, is_new = before[0], False
                if before[1] != facts:
                    slice_.updates.append((id_, *facts[1:]))
                    slice_.modified += kind != 2
            else:
                if before is not None:
                    slice_.lost.append((before[0],))
                id_, is_new = self._add(raw, label, facts, folder), True
            if kind == 2:
                subs.append((raw, id_, is_new))
                if is_new:
                    below = os.path.join(path, raw)
                    slice_.folders.append((id_, self._set.location, below if len(below) <= PATH_STORED else None))
        slice_.files += len(listed.names) - len(subs)
        slice_.subfolders += len(subs)
        return subs

    def _add(self, raw: bytes, label: str | None, facts: Facts, folder: int) -> int:
        id_ = self._ids(1)
        category = category_of(raw) if facts[0] == 1 else 0
        self._slice.entries.append((id_, self._set.location, folder, raw, facts[0], category, *facts[1:], label))
        return id_

    def _ids(self, number: int) -> int:
        """The first of so many new ids."""
        if not self._next_id:
            self._ask("ids", ())
        first = self._next_id
        self._next_id += number
        return first


def _holds_folders(listed: Listing, folders: list[tuple[bytes, int]]) -> bool:
    """Whether these are the folders in it."""
    if not listed.others:
        return not folders
    found = {
        os.fsencode(name) for name, one in zip(listed.names, listed.facts, strict=True) if one[0] & FORMAT == FOLDER
    }
    return found == {name for name, _ in folders}


def _facts_of(one: OnDisk) -> Facts:
    """What the disk has, as the index keeps it."""
    mode, size, mtime, ctime, device, inode, links = one
    kind = KINDS.get(mode & FORMAT, SPECIAL)
    if mtime > LATEST or ctime > LATEST or inode > LATEST:
        mtime, ctime, inode = min(mtime, LATEST), min(ctime, LATEST), inode & LATEST
    return kind, size if kind == 1 else 0, mtime, ctime, device, inode, 0 if kind == 2 else links, mode


def _base_of(path: bytes) -> str:
    """As patterns see a folder below the root."""
    return os.fsdecode(path) + "/" if path else ""
