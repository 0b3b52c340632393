"""Live events for open pages: every change of every job by its number, progress as it moves, and hints about the rest.

Each stream pulls: it holds a number and what it has told last, and reads on from the store. So a slow client holds
nothing up and nothing piles up for it; one that is too far behind is told to look at everything anew.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec

from sdjobs.web import telling, wire
from sdjobs.web.callers import Caller
from spacedrive_jobs import JobEvent, JobId, JobSystem, Library, Progress, ProgressView

BATCH: Final = 500
PACE: Final = 0.1
"""Seconds between two full batches: a burst of short jobs must not cost them more than its page is worth."""
MERGE: Final = 0.02
"""Seconds in which what happens after something was told is gathered, to be sent in one piece."""
BEHIND: Final = 10_000
"""A stream that is further behind is told to look anew instead of being told so many events."""
PROGRESS_EVERY: Final = 0.25
HINTS_EVERY: Final = 1.0
HEARTBEAT: Final = 15.0
MOST_STREAMS: Final = 64
MOST_OF_ONE: Final = 32
"""Of one caller: a cookie, or a token."""
KEPT: Final = 16
"""Streams that are left to those who may do more than look."""

Views: TypeAlias = dict[JobId, tuple[Progress | None, ProgressView]]


@dataclass(slots=True)
class Told:
    """What a stream has told last, beside events."""

    cursor: int = 0
    views: Views = field(default_factory=Views)
    hints: dict[str, object] = field(default_factory=dict[str, object])


class Full(Exception):
    """There is no place for one more stream; its words are for whoever asked."""


class Place:
    """One of the streams that there may be. It is free again when nothing holds it any more: not every stream that was
    promised is begun, where its client leaves at once."""

    def __init__(self, who: str) -> None:
        self.who = who


class Feed:
    """Of one application; on its event loop. What is looked at often is looked at once for all streams."""

    def __init__(self, library: Library) -> None:
        self._jobs: JobSystem = library.jobs
        self._library = library
        self._places: weakref.WeakSet[Place] = weakref.WeakSet()
        self._closing = False
        self._views: Views = {}
        self._hints: dict[str, object] = {}
        self._views_at = self._hints_at = float("-inf")

    def place_for(self, caller: Caller) -> Place:
        """To be given to `stream`. Raises Full."""
        taken = len(self._places)
        if sum(place.who == caller.who for place in self._places) >= MOST_OF_ONE:
            raise Full("you have too many pages open on this library; close some")
        if taken >= MOST_STREAMS - (KEPT if caller.role == "read" else 0):
            raise Full("too many pages are open on this library; close some")
        place = Place(caller.who)
        self._places.add(place)
        return place

    def close(self) -> None:
        """End all streams, within the time of a look."""
        self._closing = True

    async def stream(
        self, place: Place, after: int | None, may: Callable[[], bool] = lambda: True
    ) -> AsyncGenerator[bytes, None]:
        """Until the client leaves, or `may` no longer. `after`: the number of the last event that it was told."""
        try:
            told = Told()
            yield await self._opening(told, after)
            silent_since = self._time()
            while not self._closing:
                events = await self._next_events(told)
                if not may():
                    return
                if events:  # at once, before anything else is looked at
                    yield await self._tell_events(told, events)
                    silent_since = self._time()
                said = await self._tell_beside(told)
                if said or self._time() - silent_since >= HEARTBEAT:
                    yield said or b": still here\n\n"
                    silent_since = self._time()
                if events:
                    await asyncio.sleep(PACE if len(events) == BATCH else MERGE)
        finally:
            self._places.discard(place)

    async def _opening(self, told: Told, after: int | None) -> bytes:
        """Lists that are asked for after this are not older than its number."""
        last = await self._jobs.last_change()
        resumed = after is not None and last - BEHIND <= after <= last
        told.cursor = after if after is not None and resumed else last
        told.views = {} if resumed else dict(await self._look_at_views())
        told.hints = await self._look_at_hints()
        hello = wire.Hello(cursor=told.cursor, resumed=resumed, library=str(self._library.id))
        return b"retry: 1000\n" + message("hello", hello, told.cursor)

    async def _next_events(self, told: Told) -> list[JobEvent]:
        """Maybe none, after a while."""
        busy = bool(self._views)
        return await self._jobs.changes_after(told.cursor, limit=BATCH, wait=PROGRESS_EVERY if busy else HINTS_EVERY)

    async def _tell_beside(self, told: Told) -> bytes:
        """What is new of all that has no number, maybe nothing."""
        moved = self._tell_views(told, await self._look_at_views())
        return moved + self._tell_hints(told, await self._look_at_hints())

    async def _tell_events(self, told: Told, events: list[JobEvent]) -> bytes:
        """A hole in the numbers: jobs were deleted whose changes were not told. Then, and far behind, all is new."""
        whole = events[-1].seq - told.cursor == len(events)
        if whole and len(events) == BATCH:
            whole = await self._jobs.last_change() - told.cursor <= BEHIND
        if not whole:
            told.cursor = await self._jobs.last_change()
            return message("resync", wire.Resync(cursor=told.cursor), told.cursor)
        told.cursor = events[-1].seq
        return b"".join(message("job", telling.event(one), one.seq) for one in events)

    async def _look_at_views(self) -> Views:
        if self._time() - self._views_at >= PROGRESS_EVERY:
            self._views_at = self._time()
            self._views = await self._jobs.running_views()
        return self._views

    def _tell_views(self, told: Told, views: Views) -> bytes:
        if views is told.views:
            return b""
        moved = [
            wire.Moved(job=str(job), progress=telling.progress(view, raw))
            for job, (raw, view) in views.items()
            if job not in told.views or told.views[job][1] != view
        ]
        told.views = views
        return message("progress", wire.Movement(jobs=moved)) if moved else b""

    async def _look_at_hints(self) -> dict[str, object]:
        if self._time() - self._hints_at >= HINTS_EVERY:
            self._hints_at = self._time()
            # Together: a question by itself wakes two threads.
            asked, quiet, schedules, paused, runners = await asyncio.gather(
                self._jobs.questions(limit=1_000),
                self._jobs.quiet_changes(),
                self._jobs.schedules(),
                self._jobs.paused_queues(),
                self._jobs.runners(),
            )
            self._hints = {
                "schedules": schedules,
                "queue": (paused, quiet.reorderings),
                "questions": [question.id for question in asked.rows],
                "history": quiet.deletions,
                "runners": [(one.id, one.mode, one.state) for one in runners],
            }
        return self._hints

    def _tell_hints(self, told: Told, hints: dict[str, object]) -> bytes:
        if hints is told.hints:
            return b""
        what = [name for name, value in hints.items() if told.hints.get(name) != value]
        told.hints = hints
        return message("changed", wire.Changed(what=what)) if what else b""

    def _time(self) -> float:
        return asyncio.get_running_loop().time()


_encoder: Final = msgspec.json.Encoder()


def message(event: str, data: msgspec.Struct, id_: int | None = None) -> bytes:
    """One message of the stream. JSON has no line breaks, so it is one line."""
    head = f"id: {id_}\nevent: {event}\ndata: " if id_ is not None else f"event: {event}\ndata: "
    return head.encode() + _encoder.encode(data) + b"\n\n"
