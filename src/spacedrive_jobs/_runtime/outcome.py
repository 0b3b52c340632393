"""From how a job's code ended to the transition that says so: decisions only, nothing is written here."""

from __future__ import annotations

import asyncio
import random
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from spacedrive_jobs._model.errors import AttemptEnded, PayloadTooLarge, RetryLater
from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._model.options import JobOptions
from spacedrive_jobs._model.transition import Cancel, Claim, Fail, Pause, Requeue, Retry, Snooze, Transition
from spacedrive_jobs._runtime.attempt import bounded
from spacedrive_jobs._runtime.running import Later
from spacedrive_jobs._tasks.interrupt import interruption_of, is_cancellation

TRACEBACK_LIMIT: Final = 16 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is known when an attempt's code has raised.

    `requested`: the strongest interruption asked of it. `forced`: the engine itself cancelled its task for this.
    `reason`: what the one who asked said. `closing`: the event loop is being shut down around it.
    """

    claim: Claim
    options: JobOptions
    errors: int
    at: int
    requested: Interruption | None
    forced: Interruption | None = None
    reason: str = ""
    closing: bool = False
    later: Later | None = None

    def interruption(self) -> JobInterrupted:
        """What stopped code that could not say so itself, because its process was killed for it."""
        return JobInterrupted(self.forced or self.requested or Interruption.SHUTDOWN)


def after_error(error: BaseException, ending: Ending, jitter: random.Random) -> Transition | None:
    """The transition for code that raised `error`; None where the claim was lost and nothing may be written."""
    if isinstance(error, AttemptEnded) and error.job == ending.claim.job:
        return None
    kind = interruption_of(error)
    if kind is not None:
        strongest = ending.requested or kind
        return interrupted(strongest, ending)
    if ending.forced is not None:
        return interrupted(ending.forced, ending)
    if is_cancellation(error):
        if ending.requested is not None:
            return interrupted(ending.requested, ending)
        if ending.closing:
            return interrupted(Interruption.SHUTDOWN, ending)
        return _failed(asyncio.CancelledError("the job cancelled itself"), ending, jitter)
    if ending.requested is Interruption.CANCEL:
        return interrupted(Interruption.CANCEL, ending)
    return _failed(error, ending, jitter)


def interrupted(kind: Interruption, ending: Ending) -> Transition:
    """The transition for code that stopped because it was asked to."""
    claim, at = ending.claim, ending.at
    match kind:
        case Interruption.PAUSE:
            return Pause(claim=claim, at=at)
        case Interruption.CANCEL:
            return Cancel(claim=claim, at=at, reason=ending.reason or "cancelled")
        case Interruption.SUSPEND if ending.later is not None:
            later = ending.later
            return Snooze(
                claim=claim, at=at, reason=bounded(later.reason), due_at=later.due_at, questions=later.questions
            )
        case Interruption.SUSPEND:
            return Requeue(claim=claim, at=at, reason="made room for a job of higher priority")
        case Interruption.SHUTDOWN:
            return Requeue(claim=claim, at=at, reason="the process that ran it was stopped")
        case Interruption.TIMEOUT:
            return timed_out(ending)


def timed_out(ending: Ending, note: str = "") -> Fail:
    """Time that was used up once would be used up again: a timeout is final."""
    limit = ending.options.timeout
    message = ending.reason or (f"timed out after {_seconds(limit)}" if limit else "timed out")
    return Fail(claim=ending.claim, at=ending.at, error_type="TimedOut", error_message=message + note)


def _failed(error: BaseException, ending: Ending, jitter: random.Random) -> Transition:
    if isinstance(error, RetryLater):
        due_at = ending.at + round(error.delay.total_seconds() * 1000)
        return Snooze(claim=ending.claim, at=ending.at, due_at=due_at, reason=bounded(str(error)))
    name, message = describe(error)
    errors = ending.errors + 1
    if errors <= ending.options.retries and not isinstance(error, PayloadTooLarge):
        delay = ending.options.delay_before_retry(errors, jitter)
        reason = f"attempt {ending.claim.attempt} failed ({name}: {message}); again in {_seconds(delay)}"
        due_at = ending.at + round(delay.total_seconds() * 1000)
        return Retry(
            claim=ending.claim,
            at=ending.at,
            due_at=due_at,
            reason=bounded(reason),
            error_type=name,
            error_traceback=traceback_of(error),
        )
    return Fail(
        claim=ending.claim,
        at=ending.at,
        error_type=name,
        error_message=message,
        error_traceback=traceback_of(error),
    )


def describe(error: BaseException) -> tuple[str, str]:
    """(type, message), printable and bounded; an error without a text is named by its type."""
    name: str = getattr(error, "error_type", "") or type(error).__name__
    try:
        text = str(error)
    except Exception:  # a broken __str__ must not hide the failure
        text = ""
    return name, bounded(text or name)


def traceback_of(error: BaseException) -> str:
    """The last 16 KiB of the traceback; empty where it cannot be formatted."""
    try:
        text: str = getattr(error, "traceback", "") or "".join(traceback.format_exception(error))
    except Exception:
        return ""
    return text.encode("utf-8", "backslashreplace")[-TRACEBACK_LIMIT:].decode("utf-8", "ignore")


def _seconds(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
