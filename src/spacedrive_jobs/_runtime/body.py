"""How an attempt's code is run: in this process (here), or in one of its own (`isolated.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from spacedrive_jobs._definition.definition import HookName, JobDefinition
from spacedrive_jobs._model.errors import AttemptEnded
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.progress import Progress
from spacedrive_jobs._model.transition import Checkpoint, ClaimedJob, Flush
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.context import RunContext
from spacedrive_jobs._runtime.local_port import LocalPort
from spacedrive_jobs._runtime.running import RunningAttempt
from spacedrive_jobs._runtime.services import current_services
from spacedrive_jobs._runtime.thread_job import run_in_thread
from spacedrive_jobs._tasks.interrupt import Interrupter

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

HOOK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Remains:
    """What an attempt gathered and has not stored. `stored`: rows besides the job's own may exist."""

    flush: Flush | None = None
    metrics: bytes | None = None
    progress: Progress | None = None
    stored: bool = True


class Body(Protocol):
    """One attempt's code and what it gathers."""

    async def run(self) -> bytes:
        """Run it; the encoded output. Raises what the code raised."""
        ...

    async def hook(self, name: HookName) -> None:
        """Run a hook, for at most five seconds; what goes wrong in it is a warning."""
        ...

    async def gather(self, *, final: bool) -> Remains:
        """What is to be stored at the end: everything, or only what was marked where the job will run again."""
        ...

    def end(self) -> None:
        """The attempt is over: each later verb raises AttemptEnded."""
        ...

    async def close(self) -> None:
        """Let go of what the attempt held."""
        ...

    def withdraw(self, kind: Interruption) -> None: ...

    def take_progress(self) -> Progress | None:
        """The newest progress, if it has not been taken yet."""
        ...


class LocalBody:
    """An `async` or `thread` attempt."""

    def __init__(
        self,
        engine: Engine,
        running: RunningAttempt,
        definition: JobDefinition,
        job: Any,
        interrupter: Interrupter,
        checkpoint: Checkpoint | None,
    ) -> None:
        claimed: ClaimedJob = running.claimed
        self._engine, self._running, self._definition, self._job = engine, running, definition, job
        port = LocalPort(engine.store, claimed.claim, engine.joblog, engine.pump, running, engine.leases.beat)
        self._attempt = Attempt(
            claimed,
            definition,
            interrupter,
            port,
            engine.clock,
            lease=engine.settings.lease,
            checkpoint=checkpoint,
        )
        self._attempt.telemetry = engine.settings.telemetry

    async def run(self) -> bytes:
        if self._attempt.claim.attempt > 1:
            await self.hook("on_resume")
        current_services.set(self._running.services)
        if self._definition.options.isolation == "thread":
            output = await run_in_thread(self._engine, self._running, self._job, self._attempt, self._definition)
        else:
            output = await self._definition.start(self._job, self._context())
        return self._definition.encode_output(output)

    async def hook(self, name: HookName) -> None:
        hook = self._definition.hook(self._job, name)
        if hook is not None:
            await run_hook(hook(self._context()), name, self._attempt)

    async def gather(self, *, final: bool) -> Remains:
        attempt = self._attempt
        flush = attempt.everything() if final else attempt.last_mark(notes=True)
        stored = attempt.stored or flush is not None or attempt.claim.attempt > 1
        return Remains(flush, attempt.encoded_metrics(), attempt.latest, stored)

    def end(self) -> None:
        self._attempt.ended = True

    async def close(self) -> None:
        return

    def withdraw(self, kind: Interruption) -> None:
        self._attempt.interrupter.withdraw(kind)

    def take_progress(self) -> Progress | None:
        progress = self._attempt.take_progress()
        if progress is not None:
            self._attempt.stored = True  # it is about to be
        return progress

    def _context(self) -> RunContext[Any]:
        engine, attempt = self._engine, self._attempt
        library_db = engine.library_db_of(attempt)
        return RunContext(attempt, engine.pool, engine.outer.open_library, library_db, engine.handle_of)


async def run_hook(hook: Awaitable[object], name: HookName, attempt: Attempt) -> None:
    """Five seconds, uninterrupted; an error is a warning."""
    attempt.silent = True
    try:
        async with asyncio.timeout(HOOK_SECONDS):
            await hook
    except AttemptEnded:
        raise
    except TimeoutError:
        attempt.note("warning", f"{name} took longer than {HOOK_SECONDS:.0f} s and was stopped")
    except Exception as error:
        attempt.note("warning", f"{name} failed: {type(error).__name__}: {error}")
    finally:
        attempt.silent = False
