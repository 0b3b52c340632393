"""Who may run: a number of slots, the queue in front of them, suspension of low for high priority."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._tasks.entry import Entry, TaskState
from spacedrive_jobs._tasks.queue import ReadyQueue


class Slots:
    """Calls `start(entry)` when an entry's turn has come; it then holds a slot until `leave`.

    An entry holds its slot exactly while none of its branches waits for another task. So a branch that goes on while
    another still waits runs without one, and for a while more than `slots` run. The other way round would be worse:
    a task that holds the only slot and waits for a task that needs it would wait for ever.
    """

    def __init__(self, slots: int | None, start: Callable[[Entry[Any]], None]) -> None:
        if slots is not None and slots < 1:
            raise ValueError(f"a task system needs at least one slot, not {slots}")
        self._free: float = math.inf if slots is None else slots
        self._start = start
        self._ready: ReadyQueue[Entry[Any]] = ReadyQueue()
        self._holders: set[Entry[Any]] = set()
        self._victims: set[Entry[Any]] = set()

    @property
    def queued(self) -> int:
        return len(self._ready)

    def enter(self, entry: Entry[Any]) -> None:
        """Start the entry now or queue it."""
        if self._free >= 1 and not self._ready:
            self._take(entry)
            self._start(entry)
            return
        entry.state = TaskState.QUEUED
        self._push(entry)

    def leave(self, entry: Entry[Any]) -> None:
        """The entry's run is over."""
        if self._victims:
            self._victims.discard(entry)
        if entry.regaining is not None:
            self._let_back(entry)
        if entry.holds_slot:
            self._release(entry)

    def withdraw(self, entry: Entry[Any]) -> None:
        """Take a queued entry out of the queue."""
        if self._ready.remove(entry.sequence):
            self._spare_victims()

    def drain(self) -> list[Entry[Any]]:
        """Take out all that has not begun; tasks that want their slot back stay in line."""
        waiting = self._ready.drain()
        for entry in waiting:
            if entry.regaining is not None:
                self._ready.push(entry, priority=entry.priority, sequence=entry.sequence)
        return [entry for entry in waiting if entry.regaining is None]

    def fill(self) -> None:
        """Give free slots to the first in line."""
        while self._free >= 1 and self._ready:
            entry = self._ready.pop()
            self._take(entry)
            if entry.regaining is None:
                self._start(entry)
            else:
                self._let_back(entry)
        if self._victims:
            self._spare_victims()

    def begin_wait(self, entry: Entry[Any]) -> None:
        """A branch of the running entry waits for another task from now on."""
        entry.waits += 1
        if entry.waits == 1:
            if entry.holds_slot:
                self._release(entry)
                self.fill()
            elif entry.regaining is not None:
                # A branch is on its way back from its wait: it goes on without a slot.
                self._let_back(entry)

    async def end_wait(self, entry: Entry[Any]) -> None:
        """The branch's wait is over: wait for a slot, ahead of what came later, unless another branch still waits."""
        regaining = self.end_wait_at_once(entry)
        if regaining is not None:
            await regaining

    def end_wait_at_once(self, entry: Entry[Any]) -> asyncio.Future[None] | None:
        """As `end_wait`, for a branch that cannot wait: it goes on, and the entry takes a slot when it gets one."""
        entry.waits -= 1
        if entry.waits or entry.holds_slot or entry.state is not TaskState.RUNNING:
            return None
        if self._free >= 1 and not self._ready:
            self._take(entry)
            return None
        entry.regaining = regaining = asyncio.get_running_loop().create_future()
        self._push(entry)
        return regaining

    def _let_back(self, entry: Entry[Any]) -> None:
        """End the entry's wait for a slot, whether it has got one or not."""
        self._ready.remove(entry.sequence)
        regaining, entry.regaining = entry.regaining, None
        if regaining is not None and not regaining.done():
            regaining.set_result(None)

    def _push(self, entry: Entry[Any]) -> None:
        self._ready.push(entry, priority=entry.priority, sequence=entry.sequence)
        if self._free >= 1:
            self.fill()
        else:
            self._suspend_below(entry.priority)

    def _take(self, entry: Entry[Any]) -> None:
        self._free -= 1
        entry.holds_slot = True
        self._holders.add(entry)

    def _release(self, entry: Entry[Any]) -> None:
        self._free += 1
        entry.holds_slot = False
        self._holders.discard(entry)

    def _suspend_below(self, priority: int) -> None:
        """Ask the lowest running entry below `priority`, the latest of equals, to make room."""
        candidates = [
            entry
            for entry in self._holders
            if entry.priority < priority and entry.interrupter is not None and entry.interrupter.requested is None
        ]
        if candidates:
            victim = min(candidates, key=lambda entry: (entry.priority, -entry.sequence))
            victim.preempted = True
            self._victims.add(victim)
            if victim.interrupter is not None:
                victim.interrupter.request(Interruption.SUSPEND)

    def _spare_victims(self) -> None:
        """Take back suspensions for which nothing of higher priority waits any more."""
        first = self._ready.first_priority()
        for victim in tuple(self._victims):
            if first is None or first <= victim.priority:
                self._victims.discard(victim)
                if victim.interrupter is not None and victim.interrupter.withdraw(Interruption.SUSPEND):
                    victim.preempted = False
