"""The store of one library in one process: one writer, two readers, and one method per intention."""

from __future__ import annotations

import asyncio
import concurrent.futures
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import apsw

from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.errors import LibraryNotFound, NotALibrary
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.lane import Limits
from spacedrive_jobs._model.transition import (
    Checkpoint,
    Claim,
    ClaimedJob,
    Flush,
    NewJob,
    ProgressRow,
    Transition,
)
from spacedrive_jobs._store import (
    checkpoints,
    control,
    identity,
    migrate,
    prune,
    queue,
    reads,
    rescue,
    schedules,
    statistics,
    transitions,
)
from spacedrive_jobs._store.admission import Admission, NoSupply, Supply
from spacedrive_jobs._store.connection import Durability, connect
from spacedrive_jobs._store.emptied import was_lost
from spacedrive_jobs._store.lane import Sink
from spacedrive_jobs._store.reader import Reader, ReadFunction
from spacedrive_jobs._store.tx import Tx
from spacedrive_jobs._store.writer import WriteFunction, Writer

T = TypeVar("T")

READERS: Final = 2
DATABASE: Final = "jobs.db"
DISPATCH_PATIENCE: Final = 5.0
"""Seconds that a dispatch waits for space before NoSpace."""


NO_LIMITS: Final[Mapping[str, Limits]] = {}
NO_SUPPLY: Final = NoSupply()


class Claims(NamedTuple):
    """`again_at`: when a rate will let the next job start (ms), where one held a job back."""

    jobs: list[ClaimedJob]
    again_at: int | None


class Store:
    """Thread-safe. Methods that return a future's value are `async`; `…_to` deliver to any sink, for threads."""

    path: Path
    library_id: UUID

    def __init__(self, folder: Path, clock: Clock, *, durability: Durability = "full", vfs: str | None = None) -> None:
        self.path = folder / DATABASE
        self._clock = clock
        self._connect = partial(connect, self.path, durability=durability, vfs=vfs)
        self._alone = vfs is not None  # such a VFS has no shared memory, so all share the writer's connection
        self.on_commit: Callable[[], None] = _nothing
        self.on_reach: Callable[[], None] = _nothing
        self.on_space: Callable[[bool], None] = _ignore
        self._writer = Writer(
            self._connect,
            self.path,
            durability=durability,
            on_commit=self._committed,
            on_space=self._space_changed,
            monotonic=clock.monotonic,
        )
        self._readers = [Reader(self._connect, f"jobs-reader-{number}") for number in range(READERS)]

    # --- opening and closing ------------------------------------------------------------------------------------------

    def open(self, *, create: bool, holders: Callable[[], tuple[str, ...]]) -> None:
        """Bring the schema up to date and start the threads. Blocking. Raises LibraryError's kinds."""
        if not create and not self.path.exists():
            raise LibraryNotFound(self.path.parent)
        if was_lost(self.path, create=create):
            raise NotALibrary(self.path, is_empty=True)
        try:
            connection = self._connect(create=create)
        except apsw.NotADBError as error:
            raise NotALibrary(self.path) from error
        try:
            migrate.migrate(connection, self.path, self._clock.now_ms(), holders)
            self.library_id = identity.library_id(connection)
            if not self._alone:  # another VFS has no inodes
                identity.pause_if_copied(connection, self.path, self._clock.now_ms())
        finally:
            connection.close()
        self._writer.start()
        if not self._alone:
            opened = [reader.start() for reader in self._readers]
            try:
                for one in opened:
                    one.result()
            except BaseException:
                self.close(patience=0)
                raise

    def close(self, *, patience: float) -> None:
        """Commit what waits (at most `patience` seconds, if it cannot be) and end the threads. Blocking."""
        if not self._alone:
            for reader in self._readers:
                reader.close()
        self._writer.close(patience=patience)

    @property
    def no_space(self) -> bool:
        return self._writer.no_space

    @property
    def held_by(self) -> str | None:
        """Who holds the database's lock, once a write has waited five seconds for it."""
        return self._writer.held_by

    def _committed(self, tx: Tx) -> None:
        if tx.announces:
            self.on_commit()
        if tx.reaches:
            self.on_reach()

    def _space_changed(self, full: bool) -> None:
        self.on_space(full)

    # --- the two ways in ----------------------------------------------------------------------------------------------

    async def write(
        self,
        run: Callable[[Tx], T],
        *,
        durable: bool = True,
        patience: float | None = None,
        space_patience: float | None = None,
        urgent: bool = False,
    ) -> T:
        """Have `run` committed, and return its result once it is."""
        sink: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._writer.submit(run, sink, durable=durable, patience=patience, space_patience=space_patience, urgent=urgent)
        return await sink

    def write_to(self, run: WriteFunction, sink: Sink, *, durable: bool = True, urgent: bool = False) -> None:
        self._writer.submit(run, sink, durable=durable, urgent=urgent)

    def write_blocking(self, run: Callable[[Tx], T], *, durable: bool = True, timeout: float | None = None) -> T:
        """For threads that are not an event loop's."""
        sink: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._writer.submit(run, sink, durable=durable)
        return sink.result(timeout)

    async def read(self, run: ReadFunction[T]) -> T:
        sink: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.read_to(run, sink)
        return await sink

    def read_to(self, run: ReadFunction[Any], sink: Sink, *, reader: int = 0) -> None:
        if self._alone:
            self._writer.submit(lambda tx: run(tx.connection), sink, durable=False)
        else:
            self._readers[reader].submit(run, sink)

    def read_blocking(self, run: ReadFunction[T], *, timeout: float | None = None) -> T:
        sink: concurrent.futures.Future[T] = concurrent.futures.Future()
        self.read_to(run, sink, reader=1)
        return sink.result(timeout)

    async def read_slowly(self, run: ReadFunction[T]) -> T:
        """For listings: on the second reader, so that a long one delays no point read."""
        sink: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.read_to(run, sink, reader=1)
        return await sink

    async def ask(self, run: Callable[[Tx], T]) -> T:
        """As `write`, of what somebody waits for: raises NoSpace after five seconds on a full disk."""
        return await self.write(run, space_patience=DISPATCH_PATIENCE)

    # --- intentions ---------------------------------------------------------------------------------------------------

    async def enqueue(self, jobs: Sequence[NewJob], *, patience: float | None = None) -> list[bytes]:
        """Store jobs durably; their ids. Raises NoSpace after five seconds on a full disk, StoreBusy after `patience`
        seconds, and what `queue.enqueue` raises."""
        space_patience = DISPATCH_PATIENCE if patience is None else patience
        return await self.write(lambda tx: queue.enqueue(tx, jobs), patience=patience, space_patience=space_patience)

    async def enqueue_if_unchanged(self, job: NewJob, position: int, *, patience: float | None = None) -> bytes | None:
        """Store one job if none has been stored since the queue's end was `position`; None if one was."""
        space_patience = DISPATCH_PATIENCE if patience is None else patience
        return await self.write(
            lambda tx: queue.enqueue_if_unchanged(tx, job, position), patience=patience, space_patience=space_patience
        )

    async def claim(
        self,
        runner: RunnerId,
        handled: queue.Handled,
        limit: int,
        *,
        suspects: bool,
        only: Collection[bytes] | None,
        limits: Mapping[str, Limits] = NO_LIMITS,
        supply: Supply = NO_SUPPLY,
    ) -> Claims:
        """Take jobs. Not synced by itself: a claim that a power cut takes back was nobody's any more."""
        now = self._clock.now_ms()

        def claim(tx: Tx) -> Claims:
            admission = Admission(tx, limits, supply, now)
            jobs = queue.claim(tx, runner, now, handled, limit, suspects=suspects, only=only, admission=admission)
            return Claims(jobs, admission.again_at)

        return await self.write(claim, durable=False)

    async def take_back(self, claims: Sequence[Claim], limits: Mapping[str, Limits], supply: Supply) -> list[Claim]:
        """Of attempts that waited and want their places back, those that have them now; first in line first."""
        now = self._clock.now_ms()
        return await self.write(
            lambda tx: queue.take_back(tx, claims, Admission(tx, limits, supply, now)), durable=False
        )

    async def contenders(
        self,
        handled: queue.Handled,
        limit: int,
        gained: Mapping[bytes, int],
        limits: Mapping[str, Limits],
        supply: Supply,
    ) -> list[bytes]:
        """The running jobs (of `gained`: job and what waiting gave it) that should make room for ready ones of higher
        priority."""
        now = self._clock.now_ms()
        return await self.read(
            lambda connection: queue.contenders(
                Tx(connection), now, handled, limit, gained, Admission(Tx(connection), limits, supply, now)
            )
        )

    async def apply(self, transition: Transition) -> bool:
        """End or give back a claim; False if it was lost before."""
        return await self.write(lambda tx: transitions.apply(tx, transition), urgent=True)

    def checkpoint_to(self, claim: Claim, flush: Flush, sink: Sink) -> None:
        now = self._clock.now_ms()
        self._writer.submit(lambda tx: checkpoints.checkpoint(tx, claim, flush, now), sink)

    def spill_to(self, claim: Claim, flush: Flush, sink: Sink) -> None:
        self._writer.submit(lambda tx: checkpoints.spill(tx, claim, flush), sink, durable=sink is not None)

    async def begin_attempt(
        self, claim: Claim, beside: Checkpoint | None = None
    ) -> tuple[Checkpoint | None, float | None]:
        now = self._clock.now_ms()
        return await self.write(lambda tx: checkpoints.begin_attempt(tx, claim, now, beside), durable=False)

    def store_progress(self, rows: Sequence[ProgressRow]) -> None:
        """Write progress without waiting and without an fsync of its own."""
        if not self._writer.no_space:
            now = self._clock.now_ms()
            self._writer.submit(lambda tx: checkpoints.store_progress(tx, rows, now), None, durable=False)

    async def next_moment(self, *, fires: bool = True) -> int | None:
        """When `pass_time` will have something to do (ms); what is overdue counts."""
        return await self.read(lambda connection: reads.next_moment(connection, schedules=fires))

    async def pass_time(self, new_id: schedules.NewId, dice: random.Random, *, fires: bool) -> None:
        """`fires`: schedules too."""
        now = self._clock.now_ms()

        def act(tx: Tx) -> None:
            queue.pass_time(tx, now)
            if fires:
                schedules.fire_due(tx, now, new_id, dice)

        await self.write(act)

    async def pause(self, job: JobId) -> control.Asked:
        now = self._clock.now_ms()
        return await self.write(lambda tx: control.pause(tx, job, now), urgent=True)

    async def resume(self, job: JobId) -> control.Asked:
        now = self._clock.now_ms()
        return await self.write(lambda tx: control.resume(tx, job, now), urgent=True)

    async def cancel(self, job: JobId, reason: str) -> control.Asked:
        now = self._clock.now_ms()
        return await self.write(lambda tx: control.cancel(tx, job, now, reason), urgent=True)

    async def abort(self, job: JobId, reason: str) -> control.Asked:
        now = self._clock.now_ms()
        return await self.write(lambda tx: control.abort(tx, job, now, reason), urgent=True)

    def rescue(self, runner: RunnerId, why: str, *, crashed: bool, max_crashes: int) -> list[JobId]:
        """Give back all claims of a runner that is gone. Blocking: called from the lease thread."""
        now = self._clock.now_ms()
        return self.write_blocking(
            lambda tx: rescue.rescue(tx, runner, now, why, crashed=crashed, max_crashes=max_crashes)
        )

    async def prune_step(self, finished_before: int) -> list[bytes]:
        """Delete some jobs that ended before the given moment (ms); the ids that are gone, empty when none is left."""
        ids = await self.read_slowly(lambda connection: prune.read_prunable(connection, finished_before))
        for id_ in ids:
            while await self.write(partial(prune.prune_items_step, job=id_), durable=False):
                pass
        if ids:
            await self.write(lambda tx: prune.prune_jobs(tx, ids), durable=False)
        return ids

    async def roll_up_statistics(self) -> None:
        """Make old statistics coarser, a day at a time."""
        now = self._clock.now_ms()
        while await self.write(lambda tx: statistics.roll_up(tx, now), durable=False):
            pass


def _nothing() -> None:
    return


def _ignore(full: bool) -> None:
    return
