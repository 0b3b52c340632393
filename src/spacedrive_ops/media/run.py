"""What the jobs that open media have in common: each file once by what it holds, in order, several at a time."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from spacedrive_jobs import Count, GenericProgress, JobContext, Transaction, interrupt_requested
from spacedrive_jobs.tasks import bounded_map
from spacedrive_ops.content.digest import Stopped, Unreadable, digest_of
from spacedrive_ops.library_index.known_contents import KnownContents
from spacedrive_ops.media.decoding import NotDecoded, NotInstalled
from spacedrive_ops.media.kinds import Medium, medium_by_name
from spacedrive_ops.retries import failed_before, is_concerned
from spacedrive_ops.sources import Entry, Place, path_in, place_of, walk

Redo: TypeAlias = Literal["missing", "failed", "all"]
"""Which files are done: those never tried, those that failed before, or all."""
Due: TypeAlias = Literal["missing", "failed", "unmade", "all"]
"""`unmade`: whatever came of it before, it failed in the job that is done again."""

CORES: Final = os.cpu_count() or 1
AT_ONCE: Final = CORES + 1
"""While as many as there are cores are decoded, the next one is read."""
MANY: Final = 256
STORE_EVERY: Final = 0.5
"""Seconds after which what was done is stored: what is done again after a crash."""


@dataclass(slots=True)
class MediaState:
    """`root` (the number of a path that was given; below zero: none yet) and `path` (below it): where the file is that
    was done last. `again`: this job does an ended one again; `until_...`: where that one had come to."""

    root: int = -1
    path: bytes = b""
    made: int = 0
    skipped: int = 0
    failed: int = 0
    again: bool = False
    until_root: int = -1
    until_path: bytes = b""


class Work(Protocol):
    """What is done with each content."""

    async def is_wanted(self, digest: bytes, due: Due) -> bool:
        """Whether it is to be done."""
        ...

    async def do(self, path: bytes, digest: bytes) -> None:
        """Do it. Raises NotDecoded; NotInstalled is not remembered, so that the next run tries again."""
        ...

    def failed(self, digest: bytes, reason: str) -> None:
        """Remember that it cannot be done, with the next rows."""
        ...

    async def store(self, tx: Transaction) -> None:
        """Write the rows of what was done and has not been written yet."""
        ...


class _Done(msgspec.Struct, frozen=True):
    """One file. `reason`: why nothing came of it; None where nothing had to be done."""

    entry: Entry
    reason: str | None


class MediaRun:
    """One attempt of a job over the files of some media below its paths."""

    def __init__(
        self, ctx: JobContext[MediaState], paths: tuple[Path, ...], media: frozenset[Medium], redo: Redo, work: Work
    ) -> None:
        self._ctx, self._media, self._work = ctx, media, work
        self._redo: Redo = redo
        self._paths = [os.fsencode(path) for path in paths]
        self._known = KnownContents(ctx.library_db)
        self._failed: frozenset[bytes] = frozenset()
        self._until: Place | None = None
        self._fates: dict[bytes, asyncio.Future[str]] = {}

    async def to_the_end(self, phase: str) -> MediaState:
        """All files from where the attempt before has stopped."""
        ctx = self._ctx
        state = await self._begin()
        total = await ctx.run_in_pool(lambda: sum(1 for _ in self._files()))
        left = self._files(place_of(state.root, state.path))
        waiting: deque[Entry] = deque()
        while True:
            if not waiting:
                waiting.extend(await ctx.run_in_pool(lambda: list(islice(left, MANY))))
            if not waiting:
                return state
            for done in await bounded_map(self._one, _for_a_while(waiting), limit=AT_ONCE):
                self._count(state, done)
            await self._store(state)
            self._show(phase, state, total)
            await ctx.check_interrupt()

    async def _begin(self) -> MediaState:
        """Where to go on. A job that does one again has its failed items to do, and what that one never came to."""
        state = await self._ctx.load_state(default=MediaState())
        if self._ctx.retry_of is None:
            return state
        self._failed = await failed_before(self._ctx)
        if not state.again:
            state = MediaState(again=True, until_root=state.root, until_path=state.path)
        self._until = place_of(state.until_root, state.until_path)
        return state

    def _files(self, after: Place | None = None) -> Iterator[Entry]:
        found = media_files(self._paths, self._ctx.library.path, self._media, after)
        return (entry for entry in found if self._is_meant(entry)) if self._failed else found

    def _is_meant(self, entry: Entry) -> bool:
        is_new = self._until is not None and entry.place > self._until
        return is_new or is_concerned(entry.path, self._failed)

    async def _one(self, entry: Entry) -> _Done:
        if entry.problem:
            return _Done(entry, entry.problem)
        try:
            digest = await self._digest(entry.path)
        except Unreadable as error:
            return _Done(entry, str(error))
        if (twin := self._fates.get(digest)) is not None:  # another file with the same bytes is being done
            return _Done(entry, await twin or None)
        fate = self._fates[digest] = asyncio.get_running_loop().create_future()
        try:
            if not await self._work.is_wanted(digest, self._due(entry)):
                return _Done(entry, None)
            return _Done(entry, await self._reason(entry.path, digest, fate))
        finally:
            if not fate.done():
                fate.set_result("")  # broken off, with all that is under way

    async def _digest(self, path: bytes) -> bytes:
        """Raises Unreadable."""
        status = await self._ctx.run_in_pool(_status_of, path)
        if status is not None and (known := await self._known.of(path, status)) is not None:
            return known
        while True:
            try:
                return (await self._ctx.run_in_pool(digest_of, path, interrupt_requested)).digest
            except Stopped:
                await self._ctx.check_interrupt()  # raises, unless the interruption was taken back

    def _due(self, entry: Entry) -> Due:
        if is_concerned(entry.path, self._failed):
            return "unmade"
        return self._redo

    async def _reason(self, path: bytes, digest: bytes, fate: asyncio.Future[str]) -> str:
        """Why nothing came of it; empty where it was done."""
        reason = ""
        try:
            await self._work.do(path, digest)
        except NotInstalled as error:
            reason = str(error)
        except NotDecoded as error:
            reason = str(error)
            self._work.failed(digest, reason)
        fate.set_result(reason)
        return reason

    def _count(self, state: MediaState, done: _Done) -> None:
        self._ctx.increment_items()
        path, state.root, state.path = done.entry.path, done.entry.place[0], path_in(done.entry.place)
        if done.reason is None:
            state.skipped += 1
        elif done.reason:
            state.failed += 1
            self._ctx.item(path, "error", done.reason)
        else:
            state.made += 1
            self._ctx.item(path)

    async def _store(self, state: MediaState) -> None:
        async with self._ctx.library_db.transaction() as tx:
            await self._work.store(tx)
            await self._ctx.checkpoint(state, tx=tx)
        self._fates.clear()

    def _show(self, phase: str, state: MediaState, total: int) -> None:
        finished = state.made + state.skipped + state.failed
        self._ctx.progress(
            GenericProgress(
                phase=phase,
                phases=((phase, 1.0),),
                current_path=Path(os.fsdecode(self._paths[state.root])) / os.fsdecode(state.path),
                items=Count(finished, max(total, finished)),
                skipped_items=state.skipped,
            )
        )


def _status_of(path: bytes) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=False)
    except OSError:
        return None  # to open it will tell why


def _for_a_while(waiting: deque[Entry]) -> Iterator[Entry]:
    """Take them one by one until it is time to store."""
    end = monotonic() + STORE_EVERY
    while waiting:
        yield waiting.popleft()
        if monotonic() > end:
            return


def media_files(
    paths: list[bytes], library: Path, media: frozenset[Medium], after: Place | None = None
) -> Iterator[Entry]:
    """Files of these media by the ends of their names, after the place; and what could not be read. Blocking.

    A file that was given itself counts whatever its name. No link is followed.
    """
    for entry in walk(paths, library, after):
        if entry.problem or (entry.is_file and (entry.was_given or medium_by_name(entry.path) in media)):
            yield entry
