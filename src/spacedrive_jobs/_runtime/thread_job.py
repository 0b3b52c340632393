"""A plain `def` job in its thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.blocking_context import RunBlockingContext
from spacedrive_jobs._runtime.loop_thread import LoopCaller
from spacedrive_jobs._runtime.running import RunningAttempt

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine


class ThreadTimedOut(JobInterrupted):
    """The time is up and the thread cannot be stopped: its attempt ends without it."""

    def __init__(self) -> None:
        super().__init__(Interruption.TIMEOUT)


async def run_in_thread(
    engine: Engine, running: RunningAttempt, job: Any, attempt: Attempt, definition: JobDefinition
) -> object:
    """Run the job's function. At a timeout or an abort the thread is written off: its context is dead, its place in
    the pool is given to another, and this attempt is over although the thread may still be in a blocking call."""
    loop = asyncio.get_running_loop()
    library_db = engine.library_db_of(attempt).blocking(LoopCaller(loop))
    context: RunBlockingContext[Any] = RunBlockingContext(
        attempt, engine.pool, engine.outer.open_blocking_library, library_db, loop, engine.blocking_handle_of
    )
    call = engine.job_threads.submit(definition.start, job, context)
    time_is_up: asyncio.Future[None] = loop.create_future()

    def expire() -> None:
        if not time_is_up.done():
            time_is_up.set_result(None)

    def listen(kind: Interruption) -> None:
        if kind is Interruption.TIMEOUT:
            loop.call_soon_threadsafe(expire)

    attempt.interrupter.add_listener(listen)
    ended = asyncio.wrap_future(call)
    try:
        await asyncio.wait((ended, time_is_up), return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
        running.reason = f"{running.reason or 'timed out'}; its thread still runs"
        raise ThreadTimedOut
    finally:
        attempt.interrupter.remove_listener(listen)
        if not call.done():
            engine.job_threads.write_off(call)
            ended.add_done_callback(lambda future: future.cancelled() or future.exception())
