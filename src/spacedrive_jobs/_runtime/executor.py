"""One claim, from its start to its transition: one path for first runs, retries and resumes."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.options import JobOptions
from spacedrive_jobs._model.status import Request
from spacedrive_jobs._model.transition import (
    Cancel,
    ClaimedJob,
    Complete,
    Crash,
    Fail,
    Pause,
    Requeue,
    Retry,
    Snooze,
    Transition,
)
from spacedrive_jobs._runtime.body import Body, LocalBody
from spacedrive_jobs._runtime.isolated import IsolatedBody, ProcessDied
from spacedrive_jobs._runtime.outcome import Ending, after_error, interrupted
from spacedrive_jobs._runtime.progress import ProgressTracker
from spacedrive_jobs._runtime.running import RunningAttempt
from spacedrive_jobs._runtime.services import JobServices
from spacedrive_jobs._runtime.speeds import SpeedHistory
from spacedrive_jobs._runtime.traces import with_trace
from spacedrive_jobs._store import reads
from spacedrive_jobs._tasks.interrupt import Interrupter, is_cancellation
from spacedrive_jobs._tasks.task import Cancelled, Paused

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

_log = logging.getLogger("spacedrive_jobs")


class Executor:
    """Runs claims as tasks."""

    asked_early: dict[tuple[JobId, int], tuple[Request, str]]
    """What was asked of attempts whose claims are committed and have not arrived here yet."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.asked_early = {}

    def start(self, claimed: ClaimedJob) -> None:
        """Begin an attempt. A slot is taken until its code has ended."""
        definition = self._engine.registry.get(claimed.kind)
        running = RunningAttempt(claimed, definition)
        self._engine.running.add(running)
        timeout = definition.options.timeout if definition is not None else None
        running.handle = self._engine.tasks.submit(
            JobTask(self._engine, running), timeout=timeout.total_seconds() if timeout is not None else None
        )
        if self.asked_early:
            claim = claimed.claim
            early = self.asked_early.pop((claim.job, claim.attempt), None)
            if early is not None:
                self.ask(running, *early)

    def ask(self, running: RunningAttempt, request: Request, reason: str) -> None:
        """Pass a stored request on to the running code."""
        if request is Request.CANCEL and running.claimed.request is Request.CANCEL:
            return  # it was claimed for just that, to tidy up
        running.reason = reason
        if request is Request.PAUSE:
            running.handle.interrupt(Interruption.PAUSE)
        elif request is Request.CANCEL:
            running.handle.interrupt(Interruption.CANCEL)
        elif running.forced is None:
            running.forced = Interruption.CANCEL
            running.handle.abort()


class JobTask:
    """The spec's JobTask: a job as a task of the task system."""

    def __init__(self, engine: Engine, running: RunningAttempt) -> None:
        self._engine, self._running = engine, running
        self._claimed, self._definition = running.claimed, running.definition
        self._body: Body | None = None
        self._gives_up = False

    async def run(self, interrupter: Interrupter, /) -> None:
        """Run the attempt and store what became of it. Raises nothing: whatever fails is a transition."""
        engine, running = self._engine, self._running
        if engine.settings.telemetry is not None:
            running.span = engine.settings.telemetry.attempt(self._claimed)
        try:
            failpoint.hit("attempt.start")
            with running.span.entered() if running.span is not None else nullcontext():
                transition = await self._execute(interrupter)
        except BaseException as error:
            transition = self._decide(error, interrupter)
        try:
            transition = await self._conclude(transition)
            engine.running.finishing(running)
            engine.scheduler.wake()
            await self._store(transition)
        except BaseException as error:
            engine.broken(error)
        finally:
            engine.hub.runs_here(self._claimed.claim.job, False)
            engine.running.remove(running)
            engine.left(self._claimed.claim.job, ended=isinstance(transition, (Complete, Fail, Cancel)))

    def never_ran(self, outcome: Paused | Cancelled, /) -> None:
        """It was asked to stop before its first step: no code ran, but its claim must still be given up."""
        if isinstance(outcome, Paused):
            self._running.handle.interrupt(Interruption.CANCEL)  # the task system need not keep it for a resume
        if not self._gives_up:
            self._gives_up = True
            self._engine.spawn(self._give_up(outcome.kind))

    async def _give_up(self, kind: Interruption) -> None:
        engine = self._engine
        transition = interrupted(kind, self._ending(kind))
        try:
            await self._store(transition)
        except BaseException as error:
            engine.broken(error)
        finally:
            engine.running.remove(self._running)
            engine.scheduler.wake()
            engine.left(self._claimed.claim.job, ended=isinstance(transition, (Fail, Cancel)))

    # --- the steps of an attempt --------------------------------------------------------------------------------------

    async def _execute(self, interrupter: Interrupter) -> Transition | None:
        claim, clock = self._claimed.claim, self._engine.clock
        if self._definition is None:  # unregistered between claim and start
            return Requeue(claim=claim, at=clock.now_ms(), reason="its kind is not known where it was begun")
        self._body = self._running.body = body = await self._begin(self._definition, interrupter)
        if self._claimed.request is not None:  # it had run before and was cancelled while it waited
            await body.hook("on_cancel")
            return Cancel(claim=claim, at=clock.now_ms(), reason=self._claimed.reason)
        timer = self._watch_deadline()
        try:
            output = await body.run()
        except BaseException as error:
            return await self._tidy_up(self._decide(error, interrupter), body, forced=is_cancellation(error))
        finally:
            if timer is not None:
                timer.cancel()
        return Complete(claim=claim, at=clock.now_ms(), output=output, past=self._claimed.past)

    async def _begin(self, definition: JobDefinition, interrupter: Interrupter) -> Body:
        engine, claimed = self._engine, self._claimed
        job = definition.decode_arguments(claimed.arguments, claimed.version)
        checkpoint = shown = None
        if claimed.claim.attempt > 1 or claimed.retry_of is not None:
            beside = await engine.relay.begin_attempt(claimed.claim)
            checkpoint, shown = await engine.store.begin_attempt(claimed.claim, beside)
            before = await engine.store.read(lambda connection: reads.read_speeds(connection, claimed.claim.job))
            self._running.speeds = SpeedHistory(before)
        self._running.tracker = ProgressTracker(shown)
        self._running.services = JobServices(engine, self._running, interrupter)
        engine.hub.runs_here(claimed.claim.job, True)
        if definition.options.isolation == "process":
            return IsolatedBody(engine, self._running, definition, interrupter, checkpoint)
        return LocalBody(engine, self._running, definition, job, interrupter, checkpoint)

    async def _tidy_up(self, decided: Transition | None, body: Body, *, forced: bool) -> Transition | None:
        """Run the hook that belongs to how the code ended. Code that was stopped by force gets none."""
        if isinstance(decided, Cancel) and self._running.forced is None:
            await body.hook("on_cancel")
        elif isinstance(decided, (Pause, Requeue, Snooze)) and not forced:
            await body.hook("on_pause")
        return decided

    def _decide(self, error: BaseException, interrupter: Interrupter) -> Transition | None:
        engine = self._engine
        ending = self._ending(interrupter.requested)
        if isinstance(error, ProcessDied) and ending.requested is None and ending.forced is None:
            return Crash(claim=ending.claim, at=ending.at, reason=str(error), max_crashes=engine.settings.max_crashes)
        if isinstance(error, ProcessDied):  # we killed it ourselves
            return after_error(ending.interruption(), ending, engine.settings.jitter)
        return after_error(error, ending, engine.settings.jitter)

    def _ending(self, requested: Interruption | None) -> Ending:
        return Ending(
            claim=self._claimed.claim,
            options=self._definition.options if self._definition is not None else JobOptions(),
            errors=self._claimed.errors,
            at=self._engine.clock.now_ms(),
            requested=requested,
            forced=self._running.forced,
            reason=self._running.reason,
            closing=self._engine.closing,
            later=self._running.later,
        )

    async def _conclude(self, transition: Transition | None) -> Transition | None:
        """End the context, and take what it gathered into the transition."""
        body = self._body
        if body is None:
            return transition
        body.end()
        if self._running.services is not None:
            self._running.services.close()
        if transition is not None:
            self._engine.pump.flush(self._running)
            kept = isinstance(transition, (Pause, Requeue, Retry, Snooze, Crash))
            remains = await body.gather(final=not kept)
            transition = with_trace(transition, self._running, remains, self._engine.clock.monotonic())
        await body.close()
        return transition

    async def _store(self, transition: Transition | None) -> None:
        claim = self._claimed.claim
        applied = transition is not None and await self._engine.store.apply(transition)
        if self._running.span is not None:
            self._running.span.end(transition if applied else None)
        if not applied:
            _log.warning("attempt %d of %s %s lost its claim", claim.attempt, self._claimed.kind, claim.job.short)
        elif isinstance(transition, (Complete, Fail, Cancel)):
            self._engine.relay.ended(claim.job, isolated=isinstance(self._body, IsolatedBody))

    def _watch_deadline(self) -> Any:
        deadline = self._claimed.deadline_at
        if deadline is None:
            return None
        clock = self._engine.clock

        def passed() -> None:
            self._running.reason = "deadline passed before it could finish"
            self._running.handle.interrupt(Interruption.TIMEOUT)

        return clock.call_later(max(0.0, (deadline - clock.now_ms()) / 1000), passed)
