"""A copy that is done again: of what an earlier job came past, only what failed there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.model import Position
from spacedrive_ops.file_copy.walk import Event, Left


class Again:
    """`failed`: source paths of entries that failed before, folders among them with all they hold. `until`: where the
    earlier job stopped; what comes after that it never saw. None: it came to the end.
    """

    def __init__(self, failed: frozenset[bytes], until: Position | None) -> None:
        self._failed = failed
        self._until = (until.root, *until.path.split(b"/")) if until is not None else None
        self._looked_at: tuple[Directory, bool] | None = None

    def select(self, events: Iterator[Event]) -> Iterator[Event]:
        """What there is to do. That a folder is left is passed on: what was made in it changed its times."""
        for event in events:
            if isinstance(event, Left) or self._concerns(event.folder, event.name):
                yield event

    def _concerns(self, folder: Directory, name: str) -> bool:
        path = os.path.join(folder.path, os.fsencode(name))
        return path in self._failed or self._lies_in_failed(folder) or self._is_new(folder, name)

    def _lies_in_failed(self, folder: Directory) -> bool:
        if self._looked_at is None or self._looked_at[0] is not folder:
            above: Directory | None = folder
            while above is not None and above.path not in self._failed:
                above = above.parent
            self._looked_at = (folder, above is not None)
        return self._looked_at[1]

    def _is_new(self, folder: Directory, name: str) -> bool:
        if self._until is None:
            return False
        below = os.path.join(folder.below_root(), os.fsencode(name)) if folder.parent is not None else b""
        place = (folder.root, *below.split(b"/"))
        return place > self._until and place[: len(self._until)] != self._until
