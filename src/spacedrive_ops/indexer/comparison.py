"""One folder as the disk has it, compared with what the index has of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from operator import itemgetter
from typing import Final, TypeAlias

import msgspec

from spacedrive_ops.indexer.listing import FOLDER, FORMAT, KINDS, SPECIAL, Listing, OnDisk
from spacedrive_ops.library_index.categories import category_of
from spacedrive_ops.library_index.findings import Facts, Known, Slice

PATH_STORED: Final = 4096
LATEST: Final = (1 << 63) - 1
"""The year 2262: what is later, SQLite's integers cannot hold."""

_MTIME: Final = itemgetter(2)
_CTIME: Final = itemgetter(3)
_INODE: Final = itemgetter(5)

Sub: TypeAlias = tuple[bytes, int, bool]
"""A subfolder: its name, its id, and whether the index has just learnt of it."""


class Changed(msgspec.Struct, frozen=True):
    """A folder that is not as the index has it. `kept`: names in it that stay as the index has them."""

    id: int
    path: bytes
    listed: Listing
    kept: list[str]

    def holds_folders(self, folders: list[tuple[bytes, int]]) -> bool:
        """Whether these, by name and id, are the folders in it."""
        listed = self.listed
        if not listed.others:
            return not folders
        found = {
            os.fsencode(name) for name, one in zip(listed.names, listed.facts, strict=True) if one[0] & FORMAT == FOLDER
        }
        return found == {name for name, _ in folders}


class Comparison:
    """Of folders of a location, one after the other. `ask_for_ids` sets `next_id`, before the first new entry."""

    def __init__(self, location: int, ask_for_ids: Callable[[], None]) -> None:
        self._location, self._ask_for_ids = location, ask_for_ids
        self.next_id = 0

    def compare(self, changed: Changed, known: Known, slice_: Slice) -> list[Sub]:
        """Take into the slice what is new, changed or lost. The subfolders, in the order of their names."""
        listed = changed.listed
        for name in changed.kept:
            known.pop(os.fsencode(name), None)
        if not known and not listed.others and self._take_all(listed, changed.id, slice_):
            return []
        subs = self._compare_each(changed, known, slice_)
        slice_.lost += [(gone,) for gone, _ in known.values()]
        subs.sort()
        return subs

    def _take_all(self, listed: Listing, folder: int, slice_: Slice) -> bool:
        """Take regular files of which the index knows none, all at once; False where one of them is unusual."""
        facts = listed.facts
        if not facts or max(max(map(fact, facts)) for fact in (_MTIME, _CTIME, _INODE)) > LATEST:
            return False
        try:
            raw = "/".join(listed.names).encode().split(b"/")
        except UnicodeEncodeError:
            return False
        location, first = self._location, self._ids(len(raw))
        slice_.entries += [
            (id_, location, folder, name, 1, category_of(name), size, mtime, ctime, device, inode, links, mode, None)
            for id_, name, (mode, size, mtime, ctime, device, inode, links) in zip(
                count(first), raw, facts, strict=False
            )
        ]
        slice_.size += listed.size()
        slice_.files += len(raw)
        return True

    def _compare_each(self, changed: Changed, known: Known, slice_: Slice) -> list[Sub]:
        """Take what is new or changed; what remains in `known` is lost. The subfolders."""
        listed = changed.listed
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
            before = known.pop(raw, None)
            if before is not None and before[1][0] == kind and not _is_another(before[1], facts):
                id_, is_new = before[0], False
                if before[1] != facts:
                    slice_.updates.append((id_, *facts[1:]))
                    slice_.modified += kind != 2
            else:
                id_, is_new = self._add(raw, label, facts, changed.id, slice_), True
                if before is not None:
                    slice_.lost.append((before[0],))
                    slice_.replaced.append((before[0], id_))
            if kind == 2:
                subs.append((raw, id_, is_new))
                if is_new:
                    below = os.path.join(changed.path, raw)
                    slice_.folders.append((id_, self._location, below if len(below) <= PATH_STORED else None))
        slice_.files += len(listed.names) - len(subs)
        slice_.subfolders += len(subs)
        return subs

    def _add(self, raw: bytes, label: str | None, facts: Facts, folder: int, slice_: Slice) -> int:
        id_ = self._ids(1)
        category = category_of(raw) if facts[0] == 1 else 0
        slice_.entries.append((id_, self._location, folder, raw, facts[0], category, *facts[1:], label))
        return id_

    def _ids(self, number: int) -> int:
        """The first of so many new ids."""
        if not self.next_id:
            self._ask_for_ids()
        first = self.next_id
        self.next_id += number
        return first


def _is_another(before: Facts, now: Facts) -> bool:
    """Whether another file has the name by now: one that was renamed to it, or saved anew beside it. Numbers of devices
    that have changed say nothing, nor do inodes where all else is the same."""
    kind, size, mtime, _, device, inode, *_ = before
    return kind == 1 and now[4] == device and now[5] != inode and now[1:3] != (size, mtime)


def _facts_of(one: OnDisk) -> Facts:
    """What the disk has, as the index keeps it."""
    mode, size, mtime, ctime, device, inode, links = one
    kind = KINDS.get(mode & FORMAT, SPECIAL)
    if mtime > LATEST or ctime > LATEST or inode > LATEST:
        mtime, ctime, inode = min(mtime, LATEST), min(ctime, LATEST), inode & LATEST
    return kind, size if kind == 1 else 0, mtime, ctime, device, inode, 0 if kind == 2 else links, mode
