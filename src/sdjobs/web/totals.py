"""What the index holds in all: a look at every entry, so not at each request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from spacedrive_jobs import Library
from spacedrive_ops import Category, LibraryIndex

KEPT: Final = 10.0
"""Seconds."""


class IndexTotals:
    """Files and bytes of each category, as they were within the last seconds."""

    def __init__(self, library: Library) -> None:
        self._index = LibraryIndex(library.db)
        self._known: Mapping[Category, tuple[int, int]] = {}
        self._until = float("-inf")
        self._looking = asyncio.Lock()

    async def by_category(self) -> Mapping[Category, tuple[int, int]]:
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now >= self._until:
                self._known = await self._index.by_category()
                self._until = now + KEPT
            return self._known
