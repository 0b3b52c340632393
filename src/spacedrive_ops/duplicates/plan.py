"""What is to be done to duplicates, from what the index knows. The disk is not looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import TypeAlias

import msgspec

from spacedrive_jobs import LibraryDb
from spacedrive_ops.duplicates.rules import Order, Rule
from spacedrive_ops.folders import Identity
from spacedrive_ops.library_index import copies
from spacedrive_ops.library_index.copies import Copy
from spacedrive_ops.library_index.schema import ensure_index

Place: TypeAlias = tuple[int, int]
"""The content and the entry of a pair: pairs come in this order."""


class Pair(msgspec.Struct, frozen=True):
    """A file that is to be kept, and one like it that is not. `names`: how many names (hard links) of the latter the
    plan has; each is a pair of its own."""

    kept: Copy
    doomed: Copy
    names: int

    @property
    def place(self) -> Place:
        return self.kept.content, self.doomed.id


async def plan_deduplication(db: LibraryDb, rule: Rule, after: Place = (0, 0)) -> AsyncIterator[Pair]:
    """Every file that the rule would act on, with the one that stays; from `after` on. Raises IndexTooNew.

    A group that lies on several disks is one group a disk where blocks or files are to be shared. Other names of the
    kept file are left alone.
    """
    await ensure_index(db)
    first, entry = after
    while page := await copies.contents(db, first, max(rule.least, 1)):
        for content in page:
            async for pair in _pairs(db, content, rule, entry if content == after[0] else 0):
                yield pair
        first = page[-1] + 1


async def _pairs(db: LibraryDb, content: int, rule: Rule, after: int) -> AsyncIterator[Pair]:
    """A group may be as large as the library: it is read twice, a page at a time, instead of being held."""
    best: dict[int, tuple[Order, Copy]] = {}
    names: Counter[Identity] = Counter()
    async for copy in copies.of_content(db, content, 0):
        if rule.concerns(copy.path):
            disk = _disk(copy, rule)
            order = rule.order(copy.path, copy.mtime_ns)
            if disk not in best or order < best[disk][0]:
                best[disk] = (order, copy)
            if copy.links > 1:
                names[copy.device, copy.inode] += 1
    async for copy in copies.of_content(db, content, after):
        if rule.concerns(copy.path):
            kept = best[_disk(copy, rule)][1]
            if (copy.device, copy.inode) != (kept.device, kept.inode):
                yield Pair(kept, copy, names.get((copy.device, copy.inode), 1))


def _disk(copy: Copy, rule: Rule) -> int:
    return 0 if rule.action == "trash" else copy.device
