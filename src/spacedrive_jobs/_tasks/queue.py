"""The ready queue: priority, then arrival."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

# (-priority, sequence, push number, item): the push number keeps a dead entry of an item apart from its live one.
_Entry: TypeAlias = tuple[int, int, int, T]

_COMPACT_FROM = 64


class ReadyQueue(Generic[T]):
    """A heap from whose middle items can be taken out. Equal priorities leave in order of their sequence."""

    def __init__(self) -> None:
        self._heap: list[_Entry[T]] = []
        self._live: dict[int, _Entry[T]] = {}
        self._pushes = count()

    def __len__(self) -> int:
        return len(self._live)

    def push(self, item: T, *, priority: int, sequence: int) -> None:
        """Add `item`; its `sequence` identifies it and may be in the queue once at a time."""
        entry = (-priority, sequence, next(self._pushes), item)
        self._live[sequence] = entry
        heappush(self._heap, entry)

    def pop(self) -> T:
        """Take out the first item. IndexError if there is none."""
        while True:
            entry = heappop(self._heap)
            if self._live.get(entry[1]) is entry:
                del self._live[entry[1]]
                return entry[3]

    def first_priority(self) -> int | None:
        """The priority of what `pop` would return."""
        while self._heap and self._live.get(self._heap[0][1]) is not self._heap[0]:
            heappop(self._heap)
        return -self._heap[0][0] if self._heap else None

    def remove(self, sequence: int) -> bool:
        """Take out the item with this sequence; False if it is not here."""
        if self._live.pop(sequence, None) is None:
            return False
        if len(self._heap) >= _COMPACT_FROM and len(self._heap) > 2 * len(self._live):
            self._heap = list(self._live.values())
            heapify(self._heap)
        return True

    def drain(self) -> list[T]:
        """Take out everything, in the order in which it would have left."""
        drained = [entry[3] for entry in sorted(self._live.values())]
        self._heap.clear()
        self._live.clear()
        return drained
