"""From the outbox in `library.db` to the queue in `jobs.db`: by id, so however often it is tried, once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.clock import Clock, sleep
from spacedrive_jobs._model.errors import NoSpace, StoreBusy
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.transition import Checkpoint, Claim, NewJob
from spacedrive_jobs._runtime import presence
from spacedrive_jobs._store import queue, reads
from spacedrive_jobs._store.library_file import LibraryFile
from spacedrive_jobs._store.reader import StoreClosed
from spacedrive_jobs._store.store import DISPATCH_PATIENCE, Store
from spacedrive_jobs._store.tx import Tx

AGAIN_AFTER: Final = 1.0

_log = logging.getLogger("spacedrive_jobs")


class Relay:
    """Of one runner; on the event loop only. It relays what its own runner dispatched, and what dead ones left."""

    runner: bytes

    def __init__(
        self,
        file: LibraryFile,
        store: Store,
        runner: bytes,
        run_folder: Path,
        clock: Clock,
        stored: Callable[[list[JobId], bool], None],
        spawn: Callable[[Any], None],
    ) -> None:
        self.runner = runner
        self._file, self._store, self._run_folder, self._clock = file, store, run_folder, clock
        self._stored, self._spawn = stored, spawn
        self._tries_again = False
        self._entered: set[bytes] = set()

    async def relay(self, jobs: Sequence[NewJob]) -> dict[bytes, bytes]:
        """Right after the commit, by who still has the turn: the id of the job that stands for each.

        On a full disk the jobs stay in the outbox, and are relayed when there is space.
        """
        try:
            ids = await self._insert(jobs)
        except (NoSpace, StoreBusy, StoreClosed) as error:
            _log.warning("%d jobs dispatched in a transaction wait to be queued: %s", len(jobs), error)
            self._try_again()
            return {}
        failpoint.hit("relay.stored")
        await self._file.delete_relayed([job.id for job in jobs])
        return ids

    async def recover(self) -> int:
        """Relay what dead runners left, and what this one could not; how many jobs."""
        if not await asyncio.to_thread(self._file.exists):
            return 0
        outgoing = await self._file.read_outbox()
        owners = {one.runner for one in outgoing}
        abandoned = await asyncio.to_thread(self._abandoned, owners)
        jobs = [one.job for one in outgoing if one.runner in abandoned]
        if jobs:
            await self._insert(jobs)
            failpoint.hit("relay.stored")
            await self._file.empty_outbox([job.id for job in jobs])
        return len(jobs)

    def _abandoned(self, runners: set[bytes]) -> set[bytes]:
        """Of these, who will not relay any more."""
        return {
            runner
            for runner in runners
            if runner == self.runner or not presence.is_held(presence.runner_path(self._run_folder, RunnerId(runner)))
        }

    async def _insert(self, jobs: Sequence[NewJob]) -> dict[bytes, bytes]:
        stored = await self._store.write(
            lambda tx: relay_jobs(tx, jobs), patience=DISPATCH_PATIENCE, space_patience=DISPATCH_PATIENCE
        )
        self._stored([JobId.from_bytes(id_) for id_ in stored], any(job.deadline_at is not None for job in jobs))
        return {job.id: id_ for job, id_ in zip(jobs, stored, strict=True)}

    def _try_again(self) -> None:
        if not self._tries_again:
            self._tries_again = True
            self._spawn(self._until_relayed())

    async def _until_relayed(self) -> None:
        while True:
            await sleep(self._clock, AGAIN_AFTER)
            try:
                await self.recover()
            except (NoSpace, StoreBusy):
                continue
            except StoreClosed:
                return  # the next process that opens the library does it
            self._tries_again = False
            return

    # --- what is over -------------------------------------------------------------------------------------------------

    async def begin_attempt(self, claim: Claim) -> Checkpoint | None:
        """Before an attempt after the first: where an earlier one has been in library.db, it commits nothing more
        there. The state that it stored with rows, if any."""
        job = claim.job.bytes
        if not await asyncio.to_thread(self._file.exists):
            return None
        if await self._file.entered(job):
            await self._file.raise_fence(claim)
            self._entered.add(job)
        return await self._file.read_state(job)

    async def state_of(self, job: JobId) -> Checkpoint | None:
        """Of a job that has ended: what it stored with rows and jobs.db may not have."""
        if not await asyncio.to_thread(self._file.exists):
            return None
        return await self._file.read_state(job.bytes)

    def entered(self, job: JobId) -> None:
        """An attempt of this runner is in library.db."""
        self._entered.add(job.bytes)

    def ended(self, job: JobId, *, isolated: bool) -> None:
        """A job of this runner has ended: nothing of it is needed in library.db, jobs.db has its state. What is not
        deleted now, because this process ends, the next sweep deletes. `isolated`: its own process was there, if any.
        """
        if isolated or job.bytes in self._entered:
            self._entered.discard(job.bytes)
            self._spawn(self._forget(job.bytes))

    async def _forget(self, job: bytes) -> None:
        with suppress(StoreClosed, NoSpace):
            if await asyncio.to_thread(self._file.exists) and await self._file.entered(job):
                await self._file.forget([job], states_of=[job])

    async def sweep(self) -> None:
        """What ended jobs left in library.db; the states of failed ones stay for a retry."""
        if not await asyncio.to_thread(self._file.exists):
            return
        known = await self._file.known_jobs()
        statuses = await self._store.read_slowly(lambda connection: reads.statuses_of(connection, known))
        ended = [job for job in known if statuses.get(job) not in ("queued", "running", "paused")]
        if ended:
            await self._file.forget(ended, states_of=[job for job in ended if statuses.get(job) != "failed"])


def relay_jobs(tx: Tx, jobs: Sequence[NewJob]) -> list[bytes]:
    """Store what is not stored yet; the id of each, or of the job that stands for it.

    What was asked of a dispatch has been checked when the transaction was open. What has changed since cannot be told
    to anybody: a job to wait for that is gone has ended long ago, and a twin that appeared stands for the new job.
    """
    return [_relay_one(tx, job) for job in jobs]


def _relay_one(tx: Tx, job: NewJob) -> bytes:
    if tx.run("is_stored", (job.id,))[0][0]:
        return job.id
    if job.unique is not None and job.unique.policy == "reject":
        job = job._replace(unique=job.unique._replace(policy="return"))
    after = tuple(wait for wait in job.after if tx.run("is_stored", (wait.on,))[0][0])
    return queue.enqueue(tx, [job._replace(after=after)])[0]
