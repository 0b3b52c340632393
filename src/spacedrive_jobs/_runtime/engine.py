"""What runs behind one open library: the store, the services, and what handles need of them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spacedrive_jobs._definition.definition import plain_value
from spacedrive_jobs._definition.handle import BlockingJobHandle, JobHandle
from spacedrive_jobs._definition.registry import Registry
from spacedrive_jobs._model.clock import Clock, sleep
from spacedrive_jobs._model.errors import JobError, NoSpace, StoreBusy
from spacedrive_jobs._model.ids import JobId, RunnerId, new_runner_id
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.record import Page
from spacedrive_jobs._runtime import presence, processes
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.bulk import Bulk
from spacedrive_jobs._runtime.control import Control
from spacedrive_jobs._runtime.dispatcher import Dispatcher
from spacedrive_jobs._runtime.ephemeral import Ephemeral, sweep
from spacedrive_jobs._runtime.executor import Executor
from spacedrive_jobs._runtime.handle import StoredJobHandle
from spacedrive_jobs._runtime.hub import Hub
from spacedrive_jobs._runtime.isolated import ENTRY
from spacedrive_jobs._runtime.joblog import JobLog
from spacedrive_jobs._runtime.leases import Leases
from spacedrive_jobs._runtime.library_db import LibraryDb
from spacedrive_jobs._runtime.probe.system import SystemProbe
from spacedrive_jobs._runtime.pump import Pump
from spacedrive_jobs._runtime.relay import Relay
from spacedrive_jobs._runtime.running import Running
from spacedrive_jobs._runtime.scarcity import Scarcity
from spacedrive_jobs._runtime.scheduler import Scheduler, TimeKeeper
from spacedrive_jobs._runtime.services import JobServices, current_services
from spacedrive_jobs._runtime.settings import Settings
from spacedrive_jobs._runtime.supply import ProbedSupply
from spacedrive_jobs._store import explain, reads, rescue
from spacedrive_jobs._store.doorbell import Doorbell
from spacedrive_jobs._store.library_file import LIBRARY_DATABASE, LibraryFile
from spacedrive_jobs._store.reader import ReadFunction, StoreClosed
from spacedrive_jobs._store.rows import JobRow
from spacedrive_jobs._store.store import Store
from spacedrive_jobs._tasks.pools import ChildPool, ThreadPool
from spacedrive_jobs._tasks.system import TaskSystem

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.blocking import BlockingLibrary
    from spacedrive_jobs._runtime.library import Library

POLL: Final = 0.25
"""Seconds between looks at what other processes committed, in case a ring was lost."""
QUIET: Final = 0.005
"""Seconds between two answers to the doorbell, however often it rings."""
POOL_THREADS: Final = 32
PRUNE_EVERY: Final = 3600.0
CLAIM_PATIENCE: Final = 2.0
DAY_MS: Final = 86_400_000

_log = logging.getLogger("spacedrive_jobs")


class Engine:
    """Built, run and closed by `Library.open`. On the event loop only."""

    folder: Path
    registry: Registry
    settings: Settings
    store: Store
    clock: Clock
    runner: RunnerId
    run_folder: Path
    pool: ThreadPool
    job_threads: ThreadPool
    tasks: TaskSystem
    children: ChildPool
    hub: Hub
    joblog: JobLog
    running: Running
    pump: Pump
    leases: Leases
    bell: Doorbell
    executor: Executor
    scheduler: Scheduler
    times: TimeKeeper
    dispatcher: Dispatcher
    closing: bool
    outer: Engine

    def __init__(
        self, folder: Path, store: Store, registry: Registry, settings: Settings, within: Engine | None = None
    ) -> None:
        """`within`: the engine whose ephemeral jobs this one runs."""
        self.folder, self.store, self.registry, self.settings = folder, store, registry, settings
        self.clock = settings.clock
        self.runner = new_runner_id()
        self.run_folder = folder / "run"
        self.open_library: Callable[[], Library] = _not_open
        self.open_blocking_library: Callable[[], BlockingLibrary] = _not_open
        self._loop = asyncio.get_running_loop()
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._services: list[asyncio.Task[None]] = []
        self._rung_again = asyncio.Event()
        self._spawned: set[asyncio.Task[None]] = set()

        self.pool = ThreadPool(POOL_THREADS, name="jobs-pool")
        self.job_threads = ThreadPool(max(settings.slots * 2, 8), name="jobs-thread")
        self.tasks = TaskSystem(slots=None, clock=settings.clock, timeout_grace=2.0)
        self.children = ChildPool(preload=[ENTRY.partition(":")[0]])
        self.closing = False
        self.hub = Hub(store)
        self.joblog = JobLog(folder / "logs", self.clock)
        self.running = Running(settings.slots)
        self.pump = Pump(store, self.hub, self.joblog, self.pool, self.clock)
        self.leases = Leases(
            store,
            self.run_folder,
            self.runner,
            self.clock,
            lease=settings.lease,
            max_crashes=settings.max_crashes,
            on_rescue=self._rescued,
            on_block=self._loop_blocked,
        )
        self.bell = Doorbell(self.run_folder, self.runner.hex())
        self.executor = Executor(self)
        probe = settings.probe or SystemProbe(folder, clock=self.clock)
        self.supply: ProbedSupply = ProbedSupply(probe, settings.resources, self.clock)
        self.scheduler = Scheduler(
            store, registry, self.executor, self.running, self.runner, settings.runs, self.clock, self.supply
        )
        self.library_file: LibraryFile = LibraryFile(
            folder / LIBRARY_DATABASE, durability=settings.durability, vfs=settings.vfs
        )
        self.relay: Relay = Relay(
            self.library_file, store, self.runner, self.run_folder, self.clock, self.stored_new, self.spawn
        )
        self.library_db: LibraryDb = LibraryDb(self.library_file, self.relay)
        self.dispatcher = Dispatcher(store, registry, self.clock, self.supply, self.stored_new, settings.telemetry)
        self.control: Control = Control(self)
        self.bulk: Bulk = Bulk(self)
        self.outer = within or self
        if within is not None:
            within.ephemeral.inner = self
        self.ephemeral: Ephemeral = Ephemeral(self)
        self.times = TimeKeeper(
            store,
            self.clock,
            self.scheduler,
            self.dispatcher.new_id,
            settings.jitter,
            fires=settings.runs == "all",
        )

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Register, and start every service in `group`."""
        self.store.on_commit = self.bell.ring
        self.store.on_reach = self._reached
        self.store.on_space = self._space_changed
        process = processes.facts_of(os.getpid())
        row = rescue.RunnerRow(
            self.runner,
            self.settings.runs,
            process,
            processes.host_name(),
            processes.own_program(),
            self.clock.now_ms(),
        )
        with suppress(NoSpace):  # then it is not listed; what protects its claims is its lock
            await self.store.write(lambda tx: rescue.register(tx, row), durable=False, space_patience=0.0)
        self._loop.add_reader(self.bell.bell.fileno(), self._rung)
        self.leases.start()
        with suppress(NoSpace, StoreBusy):  # then it is tried again with the next pruning, or by another process
            await self.relay.recover()
        services: list[Callable[[], Coroutine[Any, Any, None]]] = [self._watch_failure, self._answer_rings, self._poll]
        if self.settings.runs != "none":
            services += [self.scheduler.run, self.times.run]
        if self.settings.runs == "all":
            services.append(self._prune)
        scarcity = Scarcity(self.clock)
        self._services = [group.create_task(scarcity.outlast(service)) for service in services]

    async def close(self) -> None:
        """Shutdown: stop claiming, interrupt what runs, wait `grace` seconds, give back, let go."""
        await self.scheduler.close(patience=CLAIM_PATIENCE)
        self.closing = True
        await asyncio.gather(self.tasks.shutdown(grace=self.settings.grace), self.ephemeral.close())
        await self._until_stored()
        await self.children.close()
        for service in self._services:
            service.cancel()
        await asyncio.gather(*self._services, return_exceptions=True)
        self._loop.remove_reader(self.bell.bell.fileno())
        self.pump.run_once()
        self.joblog.flush()
        await asyncio.to_thread(self._let_go)

    async def _until_stored(self) -> None:
        """The last transitions; on a full disk they are left to whoever finds our lock free."""
        for _ in range(100):
            if not len(self.running) or self.store.no_space:
                return
            await sleep(self.clock, 0.02)

    def _let_go(self) -> None:
        """Blocking. The lock goes last: until then nobody takes our claims."""
        self.leases.stop()
        if not self.store.no_space and not len(self.running):
            try:
                self.store.write_blocking(lambda tx: rescue.retire(tx, self.runner), durable=False, timeout=5)
            except (JobError, TimeoutError):
                _log.warning("the runner's row could not be removed; the next process does it")
        self.library_file.close()
        self.store.close(patience=5.0)
        self.leases.let_go()
        self.bell.close()
        self.pool.close()
        self.job_threads.close()

    async def _watch_failure(self) -> None:
        """A store that broke takes the library down loudly."""
        await self._failed

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run something to its end that belongs to no service; closing waits for it."""
        task = self._loop.create_task(coroutine)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    def broken(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)

    # --- what happens elsewhere ---------------------------------------------------------------------------------------

    def _rung(self) -> None:
        self.bell.answer()
        self._rung_again.set()

    def _reached(self) -> None:
        """In the writer's thread: a commit changed other jobs than the one it was about."""
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._rung_again.set)

    async def _answer_rings(self) -> None:
        while True:
            await self._rung_again.wait()
            self._rung_again.clear()
            await self.look()
            await asyncio.sleep(QUIET)  # real time, whatever clock the jobs live by: it spares the processor

    async def look(self) -> None:
        """Others may have committed something: new jobs, requests, ends."""
        self.scheduler.wake()
        self.times.changed()
        if self.settings.runs != "none":
            await self.pass_on_requests()
        if len(self.running):
            await self._stop_what_is_paused()
        await self.hub.look()

    async def _poll(self) -> None:
        version = -1
        while True:
            self.leases.loop_runs()
            found = await self.store.read(lambda connection: int(connection.pragma("data_version")))
            if found != version:
                version = found
                await self.look()
                await self._stop_what_lost_its_claim()
            await sleep(self.clock, POLL)

    async def _stop_what_lost_its_claim(self) -> None:
        """After this process was stopped for a lease, others run its jobs: what still runs here must end."""
        before = [running for running in self.running if running.body is not None]
        if not before:
            return
        held = await self.store.read(lambda connection: reads.held_claims(connection, self.runner))
        for running in before:
            claim = running.claimed.claim
            if not running.is_finishing and running.body is not None and (claim.job, claim.attempt) not in held:
                running.body.end()
                running.forced = Interruption.SHUTDOWN
                running.handle.abort()

    async def _stop_what_is_paused(self) -> None:
        """Running jobs of paused kinds go back to the queue, where they wait first in line."""
        paused = await self.store.read(reads.paused_queues)
        if paused:
            for running in self.running:
                if None in paused or running.claimed.kind in paused:
                    self.scheduler.suspend(running)

    async def pass_on_requests(self) -> None:
        for job, attempt, request, reason in await self.store.read(
            lambda connection: reads.read_requests(connection, self.runner)
        ):
            running = self.running.get(job, attempt)
            if running is not None:
                self.executor.ask(running, request, reason)
            else:  # claimed a moment ago, and its claim is on its way to the executor
                self.executor.asked_early[job, attempt] = request, reason

    def _loop_blocked(self, seconds: float, stack: str) -> None:
        """In the lease thread: the event loop has not run for so long. Said once a block, to the log of each job."""
        _log.warning("the event loop has been blocked for %.0f s:\n%s", seconds, stack)
        for running in self.running:
            claim = running.claimed.claim
            self.joblog.add(claim.job, claim.attempt, f"the event loop has been blocked for {seconds:.0f} s:\n{stack}")
        self.joblog.flush()

    def _rescued(self, jobs: list[JobId]) -> None:
        """In the lease thread."""
        self._loop.call_soon_threadsafe(self._after_rescue, jobs)

    def _after_rescue(self, jobs: list[JobId]) -> None:
        self.hub.changed(jobs)
        self.scheduler.wake()
        self.spawn(self._recover_outbox())
        if self.settings.runs == "own":
            self.spawn(self._tidy_up_after(jobs))

    async def _tidy_up_after(self, jobs: list[JobId]) -> None:
        """A job that failed with its process has cancelled its children. Their clean-up is done here, whoever had
        dispatched them: where no worker runs nobody else would come."""
        ids = [job.bytes for job in jobs]
        with suppress(StoreClosed):
            cancelled = await self.store.read(lambda connection: explain.cancelled_families(connection, ids))
            self.scheduler.own.update(JobId.from_bytes(id_) for id_ in cancelled)
            self.scheduler.wake()

    async def _recover_outbox(self) -> None:
        """The dead one may have left jobs there."""
        with suppress(NoSpace, StoreBusy, StoreClosed):
            await self.relay.recover()

    def _space_changed(self, full: bool) -> None:
        """In the writer's thread."""
        self.leases.no_space = full
        self._loop.call_soon_threadsafe(self._after_space_changed, full)

    def _after_space_changed(self, full: bool) -> None:
        if full:
            _log.warning("no space for job state on the disk of %s: nothing is claimed until there is", self.folder)
        else:
            _log.warning("there is space for job state again")
            self.scheduler.wake()

    async def _prune(self) -> None:
        while True:
            await self.tidy_library_db()
            await asyncio.to_thread(sweep, self.run_folder)
            await self.store.roll_up_statistics()
            await self.prune()
            await sleep(self.clock, PRUNE_EVERY)

    def expired_before(self) -> int:
        """What ended before this moment (ms) has been kept for long enough."""
        return self.clock.now_ms() - round(self.settings.history_days * DAY_MS)

    async def prune(self) -> int:
        """Delete that, step by step; how many jobs."""
        before, count = self.expired_before(), 0
        while ids := await self.store.prune_step(before):
            await asyncio.to_thread(self.delete_logs, ids)
            count += len(ids)
        return count

    async def tidy_library_db(self) -> None:
        """Before history is forgotten, which tells the relay what it has done."""
        with suppress(NoSpace, StoreBusy):
            await self.relay.recover()
            await self.relay.sweep()

    def delete_logs(self, ids: list[bytes]) -> None:
        for id_ in ids:
            self.joblog.delete(JobId.from_bytes(id_))

    # --- what handles ask ---------------------------------------------------------------------------------------------

    def stored_new(self, jobs: list[JobId], with_deadline: bool) -> None:
        """Jobs were stored, by a dispatch or as children."""
        self.own(*jobs)
        if with_deadline:
            self.times.changed()
        self.scheduler.wake()

    def own(self, *jobs: JobId) -> None:
        """What a handle dispatched, resumed or answered is run by it even where it runs nothing else, with all that it
        waits for."""
        if self.settings.runs == "own":
            self.scheduler.own.update(jobs)
            self.spawn(self._own_what_they_wait_for(jobs))

    async def _own_what_they_wait_for(self, jobs: tuple[JobId, ...]) -> None:
        ids = [job.bytes for job in jobs]
        waits = await self.store.read(lambda connection: explain.unfinished_waits(connection, ids))
        if waits:
            self.scheduler.own.update(JobId.from_bytes(id_) for id_ in waits)
            self.scheduler.wake()

    def explained(self, read: ReadFunction[Page[JobRow]]) -> ReadFunction[Page[tuple[JobRow, str]]]:
        """A read of rows, each with what keeps it where it is queued."""
        limits, supply, now = self.registry.claimable().limits, self.scheduler.supply, self.clock.now_ms()
        return explain.explained(read, limits, supply, now)

    def services_here(self) -> JobServices | None:
        """Those of the attempt whose code calls, if it is one of this library's."""
        services = current_services.get()
        return services if services is not None and services.engine is self else None

    def trace_here(self) -> bytes | None:
        """That of the code that calls, where somebody wants spans."""
        if self.settings.telemetry is None:
            return None
        from spacedrive_jobs._runtime.tracing import current_context

        return current_context()

    def handle_of(self, job: JobId) -> JobHandle[Any]:
        return StoredJobHandle(self, job, known=True)

    def library_db_of(self, attempt: Attempt) -> LibraryDb:
        """What the context gives. An ephemeral job needs no fence there: no other process can run it."""
        return self.outer.library_db.of_attempt(attempt if self.outer is self else None)

    def blocking_handle_of(self, job: JobId) -> BlockingJobHandle[Any]:
        return self.open_blocking_library().jobs.handle_of(job)

    def left(self, job: JobId, *, ended: bool) -> None:
        """An attempt of this process is over."""
        if self.settings.runs == "own" and not ended:
            self.scheduler.own.add(job)
        if not ended:
            self.times.changed()
        self.hub.changed((job,))

    def runs_here(self, job: JobId) -> bool:
        return any(running.claimed.claim.job == job for running in self.running)

    async def has_runner_for(self, job: JobId) -> bool:
        """Whether a living process would run this queued job."""
        if self.settings.runs == "all" or (self.settings.runs == "own" and job in self.scheduler.own):
            return True
        rows = await self.store.read(rescue.read_runners)
        alive = await asyncio.to_thread(self._alive, rows)
        return any(row.mode != "none" for row in alive)

    def _alive(self, rows: list[rescue.RunnerRow]) -> list[rescue.RunnerRow]:
        return [row for row in rows if presence.is_held(presence.runner_path(self.run_folder, row.id))]

    def decode_output(self, row: JobRow) -> object:
        """An ended job's output, as its kind's type; plain values where the kind is not known here."""
        assert row.output is not None
        definition = self.registry.get(row.kind)
        return definition.decode_output(row.output) if definition is not None else plain_value(row.output)


def _not_open() -> Any:
    raise RuntimeError("the library is not open yet")
