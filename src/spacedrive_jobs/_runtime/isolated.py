"""An isolated attempt, the runner's side: a child process, a lock that outlives this process, and a pipe."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from spacedrive_jobs._definition.definition import HookName, JobDefinition
from spacedrive_jobs._definition.progress_codec import decode_progress
from spacedrive_jobs._model.errors import AttemptEnded, JobError
from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._model.progress import Progress
from spacedrive_jobs._model.transition import Checkpoint, Flush
from spacedrive_jobs._runtime import presence, processes, wire
from spacedrive_jobs._runtime.body import Remains
from spacedrive_jobs._runtime.local_port import LocalPort
from spacedrive_jobs._runtime.running import RunningAttempt
from spacedrive_jobs._runtime.service_messages import ARGUMENTS
from spacedrive_jobs._store import rescue
from spacedrive_jobs._tasks.interrupt import Interrupter
from spacedrive_jobs._tasks.pools import Child, ChildDied, ChildRaised

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

ENTRY: Final = "spacedrive_jobs._runtime.isolated_child:run_attempt"
KILL_GRACE: Final = 2.0

Wanted = TypeVar("Wanted", wire.Finished, wire.HookDone, wire.Gathered)


class ProcessDied(Exception):
    """The child process ended in the middle of its attempt."""


class RemoteError(Exception):
    """What the code raised in the child, as facts: its own class need not exist here."""

    def __init__(self, error_type: str, message: str, traceback: str) -> None:
        self.error_type, self.traceback = error_type, traceback
        super().__init__(message)


class IsolatedBody:
    """A `process` attempt. The child gathers and decides nothing: it runs code, and asks the runner to store."""

    def __init__(
        self,
        engine: Engine,
        running: RunningAttempt,
        definition: JobDefinition,
        interrupter: Interrupter,
        checkpoint: Checkpoint | None,
    ) -> None:
        self._engine, self._running, self._definition = engine, running, definition
        self._interrupter, self._checkpoint = interrupter, checkpoint
        claim = running.claimed.claim
        self._port = LocalPort(engine.store, claim, engine.joblog, engine.pump, running, engine.leases.beat)
        self._lock: presence.LockFile | None = None
        self._child: Child | None = None
        self._latest: Progress | None = None
        self._unseen = self._killed = False
        self._sending: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    # --- Body ---------------------------------------------------------------------------------------------------------

    async def run(self) -> bytes:
        await self._start()
        self._interrupter.add_listener(self._pass_on)
        try:
            finished = await self._until(wire.Finished)
        except asyncio.CancelledError:
            await self._kill(0.0 if self._running.forced is not None else KILL_GRACE)
            raise
        finally:
            self._interrupter.remove_listener(self._pass_on)
        return self._output(finished)

    async def hook(self, name: HookName) -> None:
        """In the child; where it has died there is nothing left to tidy up with."""
        if self._child is None and self._running.claimed.request is not None:
            await self._start()
        if self._child is not None and self._child.is_alive:
            await self._send(wire.Hook(name))
            await self._until(wire.HookDone)

    async def gather(self, *, final: bool) -> Remains:
        if self._child is None or not self._child.is_alive:
            return Remains(progress=self._latest)
        try:
            await self._send(wire.Gather(final))
            gathered = await self._until(wire.Gathered)
        except ProcessDied:
            return Remains(progress=self._latest)
        progress = decode_progress(gathered.progress) if gathered.progress is not None else self._latest
        return Remains(gathered.flush, gathered.metrics, progress, stored=True)

    def end(self) -> None:
        return  # the child's context ends with its call

    async def close(self) -> None:
        """Give the child back, then let the attempt's lock go: only now may another attempt begin."""
        child, self._child = self._child, None
        if child is not None:
            try:
                if child.is_alive:
                    await child.send(wire.encode(wire.Over()))
                    await child.finish()
            except (ChildDied, ChildRaised, ConnectionError):
                await child.kill(0.0)
            self._engine.children.release(child)
        if self._lock is not None:
            self._lock.close()

    def withdraw(self, kind: Interruption) -> None:
        if self._interrupter.withdraw(kind):
            self._post(wire.Withdraw(kind.value))

    def take_progress(self) -> Progress | None:
        if not self._unseen:
            return None
        self._unseen = False
        return self._latest

    # --- the child ----------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        engine, claimed = self._engine, self._running.claimed
        claim = claimed.claim
        self._lock = presence.LockFile(presence.attempt_path(engine.run_folder, claim.job, claim.attempt))
        self._child = await engine.children.acquire()
        facts = processes.facts_of(self._child.pid)
        await engine.store.write(lambda tx: rescue.record_process(tx, claim, facts), durable=False)
        start = wire.Start(
            module=self._definition.module,
            kind=claimed.kind,
            job=claim.job.bytes,
            attempt=claim.attempt,
            runner=claim.runner,
            version=claimed.version,
            arguments=claimed.arguments,
            parent=claimed.parent.bytes if claimed.parent is not None else None,
            deadline_at=claimed.deadline_at,
            retry_of=claimed.retry_of.bytes if claimed.retry_of is not None else None,
            lease=engine.settings.lease,
            checkpoint=self._checkpoint,
            library_database=os.fsencode(engine.library_file.path),
            durability=engine.settings.durability,
            trace=self._running.span.carried if self._running.span is not None else None,
        )
        try:
            await self._child.begin(ENTRY, wire.encode(start), fds=[self._lock.fd])
        except ChildDied as error:
            raise ProcessDied(str(error)) from error

    async def _until(self, wanted: type[Wanted]) -> Wanted:
        """Serve the child's requests until the message that is waited for."""
        child = self._child
        assert child is not None
        while True:
            try:
                message = wire.decode_to_runner(await child.recv())
            except (ChildDied, ChildRaised) as error:
                raise ProcessDied(str(error)) from error
            if isinstance(message, wanted):
                return message
            self._serve(message)

    def _serve(self, message: wire.ToRunner) -> None:
        match message:
            case wire.StoreCheckpoint(number=number, flush=flush):
                self._answer(number, self._stored(flush))
            case wire.Kept(number=number, key=key):
                found: asyncio.Future[bytes | None] = self._loop.create_future()
                self._port.kept(key, found)
                self._answer(number, found)
            case wire.HoldsClaim(number=number):
                self._answer(number, self._loop.run_in_executor(None, self._holds_claim))
            case wire.Call(number=number, method=method, argument=argument):
                self._answer(number, self._called(method, argument), method)
            case wire.Spill(number=number, flush=flush):
                self._spill(number, flush)
            case wire.Log(text=text):
                self._port.log(text)
            case wire.Progressed(progress=data):
                self._latest = decode_progress(data)
                if self._latest is not None and not self._unseen:
                    self._unseen = True
                    self._port.progressed()
            case wire.Finished() | wire.HookDone() | wire.Gathered():
                raise ProcessDied(f"the child process said {type(message).__name__} out of turn")

    def _spill(self, number: int, flush: Flush) -> None:
        if not number:
            self._port.spill(flush, None)
            return
        stored: asyncio.Future[None] = self._loop.create_future()
        self._port.spill(flush, stored)
        self._answer(number, stored)

    def _stored(self, flush: Flush) -> asyncio.Future[None]:
        durable: asyncio.Future[None] = self._loop.create_future()
        self._port.checkpoint(flush, durable)
        return durable

    def _holds_claim(self) -> bytes | None:
        return b"" if self._port.holds_claim() else None

    def _called(self, method: str, argument: bytes) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = self._loop.create_future()
        try:
            given = msgspec.msgpack.decode(argument, type=ARGUMENTS[method])
        except (KeyError, msgspec.MsgspecError) as error:
            answer.set_exception(JobError(f"the child process asked for {method!r} in vain: {error}"))
        else:
            self._port.call(method, given, answer)
        return answer

    def _answer(self, number: int, result: asyncio.Future[Any], method: str = "") -> None:
        """Reply when `result` is there; requests of other threads of the child are served meanwhile."""

        async def reply() -> None:
            try:
                value = await result
                message = wire.Reply(number, wire.encode_plain(value) if method else value)
            except AttemptEnded:
                message = wire.Reply(number, ended=True)
            except JobInterrupted as interrupted:
                message = wire.Reply(number, interruption=interrupted.kind.value)
            except (JobError, OSError, ValueError) as error:
                message = wire.Reply(number, error=str(error))
            await self._send(message)

        self._spawn(reply())

    def _pass_on(self, kind: Interruption) -> None:
        """A request, in whatever thread it was made."""
        self._loop.call_soon_threadsafe(self._interrupt_child, kind)

    def _interrupt_child(self, kind: Interruption) -> None:
        child = self._child
        if child is None:
            return
        child.interrupt(kind)
        if kind is Interruption.TIMEOUT:
            self._spawn(self._kill(KILL_GRACE))
        else:
            self._post(wire.Ask(kind.value))

    async def _kill(self, grace: float) -> None:
        self._killed = True
        if self._child is not None:
            await self._child.kill(grace)

    def _post(self, message: wire.ToChild) -> None:
        self._spawn(self._send(message))

    async def _send(self, message: wire.ToChild) -> None:
        child = self._child
        if child is not None:
            try:
                await child.send(wire.encode(message))
            except (ChildDied, ConnectionError):
                return  # whoever reads from it learns of it

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _output(self, finished: wire.Finished) -> bytes:
        claim = self._running.claimed.claim
        if finished.output is not None:
            return finished.output
        if self._killed:  # SIGTERM raises SystemExit in the code, which then has nothing to say of its own
            raise ProcessDied("it was stopped")
        if finished.lost:
            raise AttemptEnded(claim.job, claim.attempt)
        if finished.interruption is not None:
            raise JobInterrupted(Interruption(finished.interruption))
        if finished.cancelled:
            raise asyncio.CancelledError
        raise RemoteError(finished.error_type, finished.error_message, finished.error_traceback)
