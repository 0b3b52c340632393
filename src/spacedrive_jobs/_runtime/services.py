"""What a job's code asks of the job system while it runs, beside storing: children, steps, sleeps, questions.

The calls come from an attempt's port, with encoded values, whatever thread or process the code runs in. What waits
gives the attempt's slot back, and stops at an interruption.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from spacedrive_jobs._model.clock import sleep, to_datetime
from spacedrive_jobs._model.errors import JobNotFound
from spacedrive_jobs._model.ids import JobId, new_question_id
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.transition import Wait
from spacedrive_jobs._runtime.running import Later, RunningAttempt
from spacedrive_jobs._runtime.service_messages import Ended, Spawn
from spacedrive_jobs._store import family, reads, steps
from spacedrive_jobs._store.lane import Sink
from spacedrive_jobs._store.rows import JobRow
from spacedrive_jobs._tasks.interrupt import Interrupter

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

T = TypeVar("T")

IN_PLACE: Final = 30.0
FAILED_PAGE: Final = 1_000
"""Seconds up to which a sleep or a question is waited for with the code kept; after that the attempt ends."""


class JobServices:
    """Of one attempt; on the event loop only."""

    engine: Engine

    def __init__(self, engine: Engine, running: RunningAttempt, interrupter: Interrupter) -> None:
        self._engine, self._running, self._interrupter = engine, running, interrupter
        self.engine = engine
        self._claim = running.claimed.claim
        self._calls: set[asyncio.Task[None]] = set()

    # --- being called -------------------------------------------------------------------------------------------------

    def call(self, method: str, argument: Any, sink: Sink) -> None:
        """Run one of the methods below and resolve `sink` with what comes of it. In the context of the job's task."""
        serve: Callable[[Any], Awaitable[Any]] = getattr(self, method)
        task = asyncio.get_running_loop().create_task(self._serve(serve(argument), sink))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        if isinstance(sink, asyncio.Future):  # who waits was cancelled: so is the wait
            sink.add_done_callback(lambda done: task.cancel() if done.cancelled() else None)

    async def _serve(self, answer: Awaitable[Any], sink: Sink) -> None:
        assert sink is not None
        try:
            result = await answer
        except BaseException as error:  # belongs to whoever called
            if not sink.done():
                sink.set_exception(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            if not sink.done():
                sink.set_result(result)

    def close(self) -> None:
        """The attempt is over: nothing waits on its behalf any more."""
        for task in tuple(self._calls):
            task.cancel()

    # --- children -----------------------------------------------------------------------------------------------------

    async def spawn(self, wanted: Spawn) -> bytes:
        """The id of the child: the one that this parent has by the key, or a new one."""
        engine = self._engine
        child = engine.dispatcher.child(self._running.claimed, wanted.kind, wanted.version, wanted.arguments)
        await engine.dispatcher.refuse_impossible([child])
        child = child._replace(after=tuple(Wait(on, "cancel") for on in wanted.after), trace=wanted.trace)
        spawned = await engine.store.write(lambda tx: family.spawn(tx, self._claim, wanted.key, child))
        engine.own(JobId.from_bytes(spawned.id))
        if spawned.is_new:
            engine.stored_new([JobId.from_bytes(spawned.id)], with_deadline=child.deadline_at is not None)
        return spawned.id

    async def status(self, job: bytes) -> str:
        return (await self._read(JobId.from_bytes(job))).status.value

    async def outcome(self, job: bytes) -> Ended:
        """Wait for the end of a job, in place. Raises JobNotFound."""
        id_ = JobId.from_bytes(job)
        row = await self._read(id_)
        if not row.status.is_terminal:
            async with self.yielding(f"waits for {row.kind} {id_.short}"):
                row = await self._interrupter.guard(self._until_ended(id_))
        return ended(row)

    async def _until_ended(self, job: JobId) -> JobRow:
        with self._engine.hub.watching(job) as watcher:
            while not (row := await self._read(job)).status.is_terminal:
                await watcher.wait()
            return row

    async def _read(self, job: JobId) -> JobRow:
        row = await self._engine.store.read(lambda connection: reads.read_job(connection, job))
        if row is None:
            raise JobNotFound(job)
        return row

    async def children(self, _: None) -> None:
        """Wait until no child is unfinished, in place."""
        if await self._children_run():
            async with self.yielding("waits for its children"):
                await self._interrupter.guard(self._until_childless())

    async def _until_childless(self) -> None:
        with self._engine.hub.watching(None) as watcher:
            while await self._children_run():
                await watcher.wait()

    async def _children_run(self) -> bool:
        parent = self._claim.job.bytes
        return await self._engine.store.read(lambda connection: family.children_running(connection, parent))

    async def children_page(self, after: bytes) -> list[Ended]:
        """Some children by their ids, ended or not; empty at the end."""
        parent = self._claim.job.bytes
        rows = await self._engine.store.read_slowly(lambda connection: family.children_page(connection, parent, after))
        return [ended(row) for row in rows]

    async def control(self, asked: tuple[bytes, str, str]) -> None:
        """pause, resume, cancel or abort a job."""
        job, verb, reason = asked
        id_ = JobId.from_bytes(job)
        if verb == "cancel":
            await self._engine.control.cancel(id_, reason)
        elif verb == "abort":
            await self._engine.control.abort(id_, reason)
        elif verb == "pause":
            await self._engine.control.pause(id_)
        else:
            await self._engine.control.resume(id_)

    # --- steps and time -----------------------------------------------------------------------------------------------

    async def read_step(self, key: str) -> tuple[str, bytes] | None:
        job = self._claim.job.bytes
        return await self._engine.store.read(lambda connection: steps.read_step(connection, job, key))

    async def store_step(self, step: tuple[str, bytes]) -> bytes:
        key, result = step
        return await self._engine.store.write(lambda tx: steps.store_step(tx, self._claim, key, "step", result))

    async def sleep(self, wanted: tuple[str, float]) -> None:
        """Until the moment that the first call by this key fixed."""
        key, seconds = wanted
        engine = self._engine
        until = engine.clock.now_ms() + round(seconds * 1000)
        known = await self.read_step(key)
        if known is not None and known[0] != "sleep":
            raise ValueError(f"{key!r} is the key of a step already")
        if known is None:
            data = str(until).encode()
            data = await engine.store.write(lambda tx: steps.store_step(tx, self._claim, key, "sleep", data))
        else:
            data = known[1]
        until = int(data)
        left = (until - engine.clock.now_ms()) / 1000
        if left <= 0:
            return
        reason = f"sleeps until {to_datetime(until):%Y-%m-%d %H:%M:%S} UTC"
        if left > IN_PLACE:
            self._go_on_later(Later(reason, due_at=until))
        async with self.yielding(reason):
            await self._interrupter.guard(sleep(engine.clock, left))

    def _go_on_later(self, later: Later) -> None:
        """End the attempt here; raises the interruption by which its code unwinds."""
        known = self._running.later
        if known is not None:  # another branch waits for something else: the earlier moment counts
            moments = [at for at in (known.due_at, later.due_at) if at is not None]
            later = Later(
                f"{known.reason}; {later.reason}", min(moments, default=None), known.questions + later.questions
            )
        self._running.later = later
        self._interrupter.request(Interruption.SUSPEND)
        self._interrupter.check()

    # --- a job done again ---------------------------------------------------------------------------------------------

    async def failed_before(self, after: int) -> list[tuple[int, bytes, str]]:
        """(seq, item, reason) of some items that failed in the job that this one does again; empty at the end."""
        before = self._running.claimed.retry_of
        if before is None:
            return []
        page = await self._engine.store.read_slowly(
            lambda connection: reads.list_items(connection, before, ("error",), FAILED_PAGE, str(after))
        )
        return [(item.seq, item.raw, item.reason) for item in page.rows]

    # --- questions ----------------------------------------------------------------------------------------------------

    async def ask(self, asking: tuple[Sequence[tuple[str, str]], str, bytes]) -> list[bytes]:
        """(key, text) of each question, topic, choices: the answers, in order, when all are given. In place for a
        while; then the attempt ends."""
        engine = self._engine
        questions, topic, choices = asking
        stored = [steps.Asking(new_question_id(), key, topic, text, choices) for key, text in questions]
        now = engine.clock.now_ms()
        found = await engine.store.write(lambda tx: steps.ask(tx, self._claim, stored, now))
        missing = [id_ for id_, answer in found if answer is None]
        keys = [key for key, _ in questions]
        if not missing:
            return [answer for _, answer in found if answer is not None]
        engine.hub.changed((self._claim.job,))
        reason = "waits for an answer" if len(missing) == 1 else f"waits for {len(missing)} answers"
        async with self.yielding(reason):
            answers = await self._interrupter.guard(self._until_answered(keys))
        if answers is None:
            self._go_on_later(Later(reason, questions=tuple(missing)))
        assert answers is not None
        return answers

    async def _until_answered(self, keys: list[str]) -> list[bytes] | None:
        engine, job = self._engine, self._claim.job
        read = partial(steps.answers, job=job.bytes, keys=keys)
        with engine.hub.watching(job) as watcher:
            timer = engine.clock.call_later(IN_PLACE, watcher.expire)
            try:
                while True:
                    given = [answer for answer in await engine.store.read(read) if answer is not None]
                    if len(given) == len(keys):
                        return given
                    if watcher.expired:
                        return None
                    await watcher.wait()
            finally:
                timer.cancel()

    # --- the slot -----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def yielding(self, reason: str) -> AsyncGenerator[None]:
        """Inside, the attempt holds no slot, no place of its kind and no counted resource, and its timeout stands
        still. Leaving it waits until it has all of them again, ahead of the queue, unless another branch waits too."""
        engine, running = self._engine, self._running
        self._interrupter.check()
        running.waits += 1
        if running.waits == 1:
            engine.running.yields(running)
            await engine.store.write(lambda tx: family.set_yielding(tx, self._claim, 1, reason), durable=False)
            engine.scheduler.wake()
        try:
            async with engine.tasks.slot_given_back():
                yield
        except BaseException:
            running.waits -= 1
            if running.waits == 0:
                engine.running.back_at_once(running)  # it ends, or is about to: that needs no turn
            raise
        running.waits -= 1
        if running.waits == 0:
            await self._take_back()

    async def _take_back(self) -> None:
        engine, running = self._engine, self._running
        wanted = engine.running.wants_back(running)
        engine.scheduler.wake()
        try:
            await self._interrupter.guard(wanted)
        finally:
            engine.running.back_at_once(running)
            wanted.cancel()


current_services: ContextVar[JobServices | None] = ContextVar("spacedrive_jobs_services", default=None)
"""Of the attempt for which the present code works."""


def ended(row: JobRow) -> Ended:
    return Ended(
        row.id.bytes,
        row.kind,
        row.status.value,
        row.reason,
        row.output,
        row.error_type,
        row.error_message,
        row.error_traceback,
        row.attempt,
    )
