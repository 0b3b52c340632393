"""One claim, from its start to its transition: one path for first runs, retries and resumes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import AttemptEnded
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.options import JobOptions
from spacedrive_jobs._model.status import Request
from spacedrive_jobs._model.transition import Cancel, ClaimedJob, Complete, Fail, Pause, Requeue, Transition
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.context import RunContext
from spacedrive_jobs._runtime.local_port import LocalPort
from spacedrive_jobs._runtime.outcome import Ending, after_error
from spacedrive_jobs._runtime.progress import ProgressTracker
from spacedrive_jobs._runtime.running import RunningAttempt
from spacedrive_jobs._runtime.thread_job import run_in_thread
from spacedrive_jobs._runtime.traces import with_trace
from spacedrive_jobs._tasks.interrupt import Interrupter, is_cancellation

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

HOOK_SECONDS: Final = 5.0

_log = logging.getLogger("spacedrive_jobs")


class Executor:
    """Runs claims as tasks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store, self.settings, self.clock = engine.store, engine.settings, engine.clock
        self.running, self.pump, self.hub = engine.running, engine.pump, engine.hub
        self.closing = False

    def start(self, claimed: ClaimedJob) -> None:
        """Begin an attempt. A slot is taken until its code has ended."""
        definition = self.engine.registry.get(claimed.kind)
        running = RunningAttempt(claimed, definition)
        self.running.add(running)
        timeout = definition.options.timeout if definition is not None else None
        running.handle = self.engine.tasks.submit(
            JobTask(self, running), timeout=timeout.total_seconds() if timeout is not None else None
        )

    def ask(self, running: RunningAttempt, request: Request, reason: str) -> None:
        """Pass a stored request on to the running code."""
        running.reason = reason
        if request is Request.PAUSE:
            running.handle.interrupt(Interruption.PAUSE)
        elif request is Request.CANCEL:
            running.handle.interrupt(Interruption.CANCEL)
        elif running.forced is None:
            running.forced = Interruption.CANCEL
            running.handle.abort()

    def withdraw_pause(self, running: RunningAttempt) -> None:
        attempt = running.attempt
        if attempt is not None:
            attempt.interrupter.withdraw(Interruption.PAUSE)


class JobTask:
    """The spec's JobTask: a job as a task of the task system."""

    def __init__(self, executor: Executor, running: RunningAttempt) -> None:
        self._executor, self._running = executor, running
        self._claimed = running.claimed

    async def run(self, interrupter: Interrupter, /) -> None:
        """Run the attempt and store what became of it. Raises nothing: whatever fails is a transition."""
        executor, running = self._executor, self._running
        try:
            failpoint.hit("attempt.start")
            transition = await self._execute(interrupter)
        except BaseException as error:
            transition = self._decide(error, interrupter)
        attempt = running.attempt
        if attempt is not None:
            attempt.ended = True
            transition = with_trace(transition, running, attempt, executor.clock.monotonic())
        executor.running.finishing(running)
        executor.engine.scheduler.wake()
        try:
            executor.pump.flush(running)
            await self._store(transition)
        except BaseException as error:
            executor.engine.broken(error)
        finally:
            executor.hub.runs_here(self._claimed.claim.job, False)
            executor.running.remove(running)
            executor.engine.left(self._claimed.claim.job, ended=isinstance(transition, (Complete, Fail, Cancel)))

    async def _store(self, transition: Transition | None) -> None:
        claim = self._claimed.claim
        if transition is None or not await self._executor.store.apply(transition):
            _log.warning("attempt %d of %s %s lost its claim", claim.attempt, self._claimed.kind, claim.job.short)

    # --- the steps of an attempt --------------------------------------------------------------------------------------

    async def _execute(self, interrupter: Interrupter) -> Transition | None:
        definition = self._running.definition
        claim, clock = self._claimed.claim, self._executor.clock
        if definition is None:  # unregistered between claim and start
            return Requeue(claim=claim, at=clock.now_ms(), reason="no handler")
        job = definition.decode_arguments(self._claimed.arguments, self._claimed.version)
        attempt = await self._begin(definition, interrupter)
        if self._claimed.request is not None:
            return await self._only_cancel(job, attempt, definition)
        timer = self._watch_deadline()
        try:
            if claim.attempt > 1:
                await self._hook(job, "on_resume", attempt, definition)
            output = await self._run_code(job, attempt, definition)
        except BaseException as error:
            return await self._leave(error, job, attempt, definition, interrupter)
        finally:
            if timer is not None:
                timer.cancel()
        return Complete(claim=claim, at=clock.now_ms(), output=definition.encode_output(output))

    async def _begin(self, definition: JobDefinition, interrupter: Interrupter) -> Attempt:
        executor, claimed = self._executor, self._claimed
        checkpoint = shown = None
        if claimed.claim.attempt > 1:
            checkpoint, shown = await executor.store.begin_attempt(claimed.claim)
        engine = executor.engine
        port = LocalPort(engine.store, claimed.claim, engine.joblog, engine.pump, self._running, engine.leases.beat)
        attempt = Attempt(
            claimed,
            definition,
            interrupter,
            port,
            executor.clock,
            lease=executor.settings.lease,
            checkpoint=checkpoint,
        )
        attempt.stored = attempt.stored or claimed.claim.attempt > 1
        self._running.attempt = attempt
        self._running.tracker = ProgressTracker(shown)
        executor.hub.runs_here(claimed.claim.job, True)
        return attempt

    async def _run_code(self, job: Any, attempt: Attempt, definition: JobDefinition) -> object:
        executor = self._executor
        if definition.options.isolation == "thread":
            return await run_in_thread(executor, job, attempt, definition)
        context: RunContext[Any] = RunContext(attempt, executor.engine.pool, executor.engine.open_library)
        return await definition.start(job, context)

    async def _only_cancel(self, job: Any, attempt: Attempt, definition: JobDefinition) -> Transition:
        """A job that had run before was cancelled while it waited: tidy up, and end it."""
        await self._hook(job, "on_cancel", attempt, definition)
        return Cancel(
            claim=self._claimed.claim,
            at=self._executor.clock.now_ms(),
            reason=self._claimed.reason,
        )

    async def _leave(
        self, error: BaseException, job: Any, attempt: Attempt, definition: JobDefinition, interrupter: Interrupter
    ) -> Transition | None:
        """After the code raised: decide, run the hook that belongs to it, and gather what is to be kept."""
        decided = self._decide(error, interrupter)
        if isinstance(decided, Cancel) and self._running.forced is None:
            await self._hook(job, "on_cancel", attempt, definition)
        elif isinstance(decided, (Pause, Requeue)) and not is_cancellation(error):
            await self._hook(job, "on_pause", attempt, definition)
        return decided

    def _decide(self, error: BaseException, interrupter: Interrupter) -> Transition | None:
        running = self._running
        options = running.definition.options if running.definition is not None else JobOptions()
        ending = Ending(
            claim=self._claimed.claim,
            options=options,
            errors=self._claimed.errors,
            at=self._executor.clock.now_ms(),
            requested=interrupter.requested,
            forced=running.forced,
            reason=running.reason,
            closing=self._executor.closing,
        )
        return after_error(error, ending, self._executor.settings.jitter)

    async def _hook(self, job: Any, name: Any, attempt: Attempt, definition: JobDefinition) -> None:
        """Five seconds, uninterrupted; an error is a warning."""
        hook = definition.hook(job, name)
        if hook is None:
            return
        attempt.silent = True
        try:
            context: RunContext[Any] = RunContext(
                attempt, self._executor.engine.pool, self._executor.engine.open_library
            )
            await asyncio.wait_for(_awaited(hook(context)), HOOK_SECONDS)
        except AttemptEnded:
            raise
        except TimeoutError:
            attempt.note("warning", f"{name} took longer than {HOOK_SECONDS:.0f} s and was stopped")
        except Exception as error:
            attempt.note("warning", f"{name} failed: {type(error).__name__}: {error}")
        finally:
            attempt.silent = False

    def _watch_deadline(self) -> Any:
        deadline = self._claimed.deadline_at
        if deadline is None:
            return None
        clock = self._executor.clock

        def passed() -> None:
            self._running.reason = "deadline passed before it could finish"
            self._running.handle.interrupt(Interruption.TIMEOUT)

        return clock.call_later(max(0.0, (deadline - clock.now_ms()) / 1000), passed)


async def _awaited(awaitable: Awaitable[object]) -> None:
    await awaitable
