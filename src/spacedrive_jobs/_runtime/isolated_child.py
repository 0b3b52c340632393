"""An isolated attempt, the child's side: the same contexts, over a port that is a pipe to the runner."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import os
import signal
import threading
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

import msgspec

from spacedrive_jobs._definition.definition import HookName, JobDefinition
from spacedrive_jobs._definition.progress_codec import encode_progress
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.clock import SystemClock
from spacedrive_jobs._model.errors import AttemptEnded, JobError
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._model.transition import Claim, ClaimedJob, Flush
from spacedrive_jobs._runtime import wire
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.blocking_context import RunBlockingContext
from spacedrive_jobs._runtime.body import run_hook
from spacedrive_jobs._runtime.context import RunContext
from spacedrive_jobs._runtime.library_db import LibraryDb
from spacedrive_jobs._runtime.outcome import describe, traceback_of
from spacedrive_jobs._runtime.service_messages import RESULTS
from spacedrive_jobs._store.lane import Sink
from spacedrive_jobs._store.library_file import LibraryFile
from spacedrive_jobs._tasks.interrupt import Interrupter, current_interrupter, interruption_of, is_cancellation
from spacedrive_jobs._tasks.pools import ThreadPool

POOL_THREADS: Final = 32
PROGRESS_EVERY: Final = 0.1
RAW: Final = "raw"
"""A reply whose value is the answer itself, not encoded."""


class Channel(Protocol):
    """The pool's pipe to the runner."""

    def send(self, data: bytes) -> None: ...
    def recv(self) -> bytes: ...
    def take_fds(self) -> list[int]: ...


def run_attempt(channel: Channel, payload: bytes) -> bytes:
    """The entry of the call: run one attempt, then its hooks as the runner asks, then return."""
    locks = channel.take_fds()  # kept open: the attempt lives as long as this process holds its lock
    start = wire.decode_start(payload)
    importlib.import_module(start.module)
    served = ServedAttempt(channel, start)
    try:
        if start.trace is None:
            served.run()
        else:
            served.run_traced(start.trace)
    finally:
        for descriptor in locks:
            os.close(descriptor)
    return b""


class RemotePort:
    """Thread-safe. Requests are numbered; their replies come by the reading thread."""

    def __init__(self, channel: Channel, claim: Claim) -> None:
        self._channel, self._claim = channel, claim
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[Sink, Any]] = {}
        self._number = 0
        self.attempt: Attempt | None = None

    def send(self, message: wire.ToRunner) -> None:
        data = wire.encode(message)
        with self._lock:
            self._channel.send(data)

    def checkpoint(self, flush: Flush, sink: Sink) -> None:
        self.send(wire.StoreCheckpoint(self._expect(sink), flush))

    def spill(self, flush: Flush, sink: Sink) -> None:
        self.send(wire.Spill(0 if sink is None else self._expect(sink), flush))

    def kept(self, key: bytes, sink: Sink) -> None:
        self.send(wire.Kept(self._expect(sink), key))

    def holds_claim(self) -> bool:
        found: concurrent.futures.Future[bytes | None] = concurrent.futures.Future()
        self.send(wire.HoldsClaim(self._expect(found)))
        return found.result() is not None

    def call(self, method: str, argument: Any, sink: Sink) -> None:
        """The reply is decoded as the service's result."""
        data = wire.encode_plain(argument)
        self.send(wire.Call(self._expect(sink, RESULTS[method]), method, data))

    def log(self, message: str) -> None:
        self.send(wire.Log(message))

    def progressed(self) -> None:
        """At most a few times a second: the runner conflates further, the pipe must not fill."""
        if self.attempt is not None:
            threading.Timer(PROGRESS_EVERY, self.send_progress).start()

    def send_progress(self) -> None:
        if self.attempt is not None and (progress := self.attempt.take_progress()) is not None:
            self.send(wire.Progressed(encode_progress(progress)))

    def _expect(self, sink: Sink, result: Any = RAW) -> int:
        with self._lock:
            self._number += 1
            self._waiting[self._number] = sink, result
            return self._number

    def replied(self, reply: wire.Reply) -> None:
        """In the reading thread."""
        sink, result = self._waiting.pop(reply.number, (None, RAW))
        if sink is None:
            return
        error: BaseException | None = None
        value: Any = reply.value
        if reply.ended:
            error = AttemptEnded(self._claim.job, self._claim.attempt)
        elif reply.interruption is not None:
            error = JobInterrupted(Interruption(reply.interruption))
        elif reply.error is not None:
            error = JobError(reply.error)
        elif result is not RAW and value is not None:
            value = msgspec.msgpack.decode(value, type=result)
        if isinstance(sink, asyncio.Future):
            sink.get_loop().call_soon_threadsafe(_resolve, sink, value, error)
        else:
            _resolve(sink, value, error)


def _resolve(sink: Any, value: Any, error: BaseException | None) -> None:
    if sink.done():
        return
    if error is not None:
        sink.set_exception(error)
    else:
        sink.set_result(value)


class ServedAttempt:
    """The attempt in this process. A thread reads the pipe; the main thread runs the code."""

    def __init__(self, channel: Channel, start: wire.Start) -> None:
        claim = Claim(JobId.from_bytes(start.job), start.attempt, RunnerId(start.runner))
        definition = registry.get(start.kind)
        if definition is None:
            raise LookupError(f"{start.module} was imported and registers no job of kind {start.kind!r}")
        self._definition: JobDefinition = definition
        self._channel = channel
        self._port = RemotePort(channel, claim)
        self._interrupter = Interrupter()
        self._job = definition.decode_arguments(start.arguments, start.version)
        self._attempt = self._port.attempt = Attempt(
            _claimed(claim, start),
            definition,
            self._interrupter,
            self._port,
            SystemClock(),
            lease=start.lease,
            checkpoint=start.checkpoint,
        )
        self._pool = ThreadPool(POOL_THREADS, name="jobs-pool")
        path = Path(os.fsdecode(start.library_database))
        self._library_file = LibraryFile(path, durability=start.durability)
        self._library_db = LibraryDb(self._library_file, None, self._attempt)
        self._asked: list[wire.Hook | wire.Gather] = []
        self._commands = threading.Condition()
        self._over = False

    def run(self) -> None:
        reader = threading.Thread(target=self._read, name="jobs-pipe", daemon=True)
        reader.start()
        current_interrupter.set(self._interrupter)
        finished = self._run_code()
        self._port.send_progress()
        self._port.send(finished)
        while (command := self._next_command()) is not None:
            self._obey(command)
        self._attempt.ended = True
        self._pool.close()
        self._library_file.close()
        reader.join()

    def run_traced(self, trace: bytes) -> None:
        """As part of the attempt's span, which the runner keeps."""
        from spacedrive_jobs._runtime.tracing import continued

        with continued(trace) as self._attempt.telemetry:
            self.run()

    def _run_code(self) -> wire.Finished:
        try:
            if self._definition.style == "blocking":
                output = self._definition.start(self._job, self._blocking_context())
            else:
                output = asyncio.run(self._run_async())
            return wire.Finished(output=self._definition.encode_output(output))
        except BaseException as error:
            return _finished(error, self._interrupter.requested)

    async def _run_async(self) -> object:
        if self._attempt.claim.attempt > 1:
            await self._hook("on_resume")
        return await self._definition.start(self._job, self._context())

    async def _hook(self, name: HookName) -> None:
        hook = self._definition.hook(self._job, name)
        if hook is not None:
            await run_hook(hook(self._context()), name, self._attempt)

    def _obey(self, command: wire.Hook | wire.Gather) -> None:
        if isinstance(command, wire.Hook):
            name: Any = command.name
            asyncio.run(self._hook(name))
            self._port.send(wire.HookDone())
            return
        attempt = self._attempt
        flush = attempt.everything() if command.final else attempt.last_mark(notes=True)
        progress = encode_progress(attempt.latest) if attempt.latest is not None else None
        self._port.send(wire.Gathered(flush, attempt.encoded_metrics(), progress, stored=True))

    # --- the reading thread -------------------------------------------------------------------------------------------

    def _read(self) -> None:
        while not self._over:
            try:
                message = wire.decode_to_child(self._channel.recv())
            except EOFError:
                _die_with_group()
            match message:
                case wire.Reply():
                    self._port.replied(message)
                case wire.Ask(kind=kind):
                    self._interrupter.request(Interruption(kind))
                case wire.Withdraw(kind=kind):
                    self._interrupter.withdraw(Interruption(kind))
                case wire.Hook() | wire.Gather():
                    self._command(message)
                case _:
                    self._over = True
                    self._command(None)

    def _command(self, command: wire.Hook | wire.Gather | None) -> None:
        with self._commands:
            if command is not None:
                self._asked.append(command)
            self._commands.notify()

    def _next_command(self) -> wire.Hook | wire.Gather | None:
        with self._commands:
            while not self._asked:
                if self._over:
                    return None
                self._commands.wait()
            return self._asked.pop(0)

    # --- contexts -----------------------------------------------------------------------------------------------------

    def _context(self) -> RunContext[Any]:
        return RunContext(self._attempt, self._pool, _no_library, self._library_db)

    def _blocking_context(self) -> RunBlockingContext[Any]:
        library_db = self._library_db.blocking(None)
        return RunBlockingContext(self._attempt, self._pool, _no_library, library_db, None)


def _finished(error: BaseException, requested: Interruption | None) -> wire.Finished:
    kind = interruption_of(error)
    if kind is not None:
        return wire.Finished(interruption=(requested or kind).value)
    if isinstance(error, AttemptEnded):
        return wire.Finished(lost=True)
    if is_cancellation(error):
        return wire.Finished(cancelled=True)
    name, message = describe(error)
    return wire.Finished(error_type=name, error_message=message, error_traceback=traceback_of(error))


def _claimed(claim: Claim, start: wire.Start) -> ClaimedJob:
    return ClaimedJob(
        claim=claim,
        kind=start.kind,
        version=start.version,
        arguments=start.arguments,
        priority=0,
        errors=0,
        crashes=0,
        parent=JobId.from_bytes(start.parent) if start.parent is not None else None,
        deadline_at=start.deadline_at,
        request=None,
        reason="",
        retry_of=JobId.from_bytes(start.retry_of) if start.retry_of is not None else None,
    )


def _die_with_group() -> NoReturn:
    """The runner is gone: nobody would store what this process does, and nothing of it may outlive it."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _no_library() -> Any:
    raise RuntimeError('a job with isolation="process" has no library in its process: dispatch from an async job')
