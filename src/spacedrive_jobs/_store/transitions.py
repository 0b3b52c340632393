"""The only code by which a running job changes status. Each transition compares its claim; False means it was lost."""

from __future__ import annotations

from typing import assert_never

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.transition import (
    Cancel,
    Claim,
    Complete,
    Crash,
    Fail,
    Past,
    Pause,
    Requeue,
    Retry,
    Snooze,
    Trace,
    Transition,
)
from spacedrive_jobs._store.checkpoints import store_flush, store_rows
from spacedrive_jobs._store.ending import follow
from spacedrive_jobs._store.tx import Tx, Value


def apply(tx: Tx, transition: Transition) -> bool:
    """Apply `transition` if its claim still holds, and say whether it did."""
    claim, at, trace = transition.claim, transition.at, transition.trace
    if isinstance(transition, Complete):  # the hot path: it depends on nothing but the claim, which `_end` compares
        return _end(tx, claim, at, trace, status="completed", output=transition.output, past=transition.past)
    held = tx.run("read_claimed", _key(claim))
    if not held:
        return False
    ((request, reason, resumable, _, crashes),) = held
    match transition:
        case Fail(error_type=error_type, error_message=message, error_traceback=traceback, counts=counts):
            _fail(tx, claim, at, trace, error_type, message, traceback, errors=int(counts))
        case Cancel(reason=why):
            _end(tx, claim, at, trace, status="cancelled", reason=why or reason)
        case Retry():
            _retry(tx, transition, request=request, requested=reason)
        case Snooze(reason=why, due_at=due_at, questions=questions):
            _snooze(tx, claim, at, trace, why, due_at, questions, request=request, requested=reason)
        case Pause(reason=why):
            # The code stopped for a pause; what is wanted now may be something else (it was resumed, or cancelled).
            if request == "pause":
                _leave(tx, claim, at, trace, why, status="paused", place=None)
            else:
                _requeue(tx, claim, at, trace, "resumed", request=request, requested=reason, resumable=True)
        case Requeue(reason=why):
            _requeue(tx, claim, at, trace, why, request=request, requested=reason, resumable=bool(resumable))
        case Crash(reason=why, max_crashes=limit):
            crash(
                tx, claim, at, why, limit, request=request, requested=reason, resumable=bool(resumable), crashes=crashes
            )
        case _:
            assert_never(transition)
    return True


def _retry(tx: Tx, retry: Retry, *, request: str | None, requested: str) -> None:
    """Queued again for later; what a user asked meanwhile comes first."""
    claim, at, trace, why = retry.claim, retry.at, retry.trace, retry.reason
    error = (retry.error_type, why, retry.error_traceback)
    if request in ("cancel", "abort"):
        _end(tx, claim, at, trace, status="cancelled", reason=requested)
    elif request == "pause":
        _leave(tx, claim, at, trace, why, status="paused", place=None, errors=1, outcome="failed", error=error)
    else:
        place, due_at = tx.back(), retry.due_at
        _leave(tx, claim, at, trace, why, place=place, due_at=due_at, errors=1, outcome="failed", error=error)


def _key(claim: Claim) -> tuple[Value, ...]:
    return (claim.job.bytes, claim.attempt, claim.runner)


def _end(
    tx: Tx,
    claim: Claim,
    at: int,
    trace: Trace,
    *,
    status: str,
    reason: str = "",
    output: bytes | None = None,
    error: tuple[str, str, str] | None = None,
    errors: int = 0,
    crashes: int = 0,
    past: Past | None = None,
) -> bool:
    """Move the job to history, with what the attempt gathered last. False, and nothing done, if the claim was lost.

    `past`: what the statistics count of it, where that is known.
    """
    job = claim.job.bytes
    error_type, message, traceback = error or (None, None, None)
    ended = tx.change(
        "end_running",
        {
            "id": job,
            "attempt": claim.attempt,
            "runner": claim.runner,
            "at": at,
            "status": status,
            "reason": reason,
            "output": output,
            "error_type": error_type,
            "error_message": message,
            "error_traceback": traceback,
            "errors": errors,
            "crashes": crashes,
            "metrics": trace.metrics,
            "progress": trace.progress,
            "view": trace.view,
        },
    )
    if not ended:
        return False
    past = past if past is not None else tx.past_of(job)[0]
    tx.ended.append((past, status, at, trace.metrics, errors, crashes))
    tx.change("delete_job", (job,))
    if trace.flush is not None and status == "completed":
        store_rows(tx, job, trace.flush)  # its checkpoint would be deleted at once
    elif trace.flush is not None:
        store_flush(tx, claim, trace.flush, at)
    if trace.stored:
        tx.change("delete_progress", (job,))
        tx.change("delete_attempt_process", (job, claim.attempt))
        tx.change("delete_written", (job,))
        if status == "completed":  # the others keep theirs: a retry starts from it
            tx.change("delete_checkpoint", (job,))
            tx.change("delete_kept", (job,))
            tx.change("delete_steps", (job,))
    if status != "completed":
        _record(tx, claim, at, status, reason, error)
    follow(tx, job, status, at)
    tx.announces = True
    failpoint.hit("transition.applied")
    return True


def _fail(
    tx: Tx,
    claim: Claim,
    at: int,
    trace: Trace,
    error_type: str,
    message: str,
    traceback: str,
    *,
    errors: int = 0,
    crashes: int = 0,
) -> None:
    _end(
        tx,
        claim,
        at,
        trace,
        status="failed",
        reason=message,
        error=(error_type, message, traceback),
        errors=errors,
        crashes=crashes,
    )


def _leave(
    tx: Tx,
    claim: Claim,
    at: int,
    trace: Trace,
    reason: str,
    *,
    status: str = "queued",
    request: str | None = None,
    place: int | None,
    due_at: int | None = None,
    errors: int = 0,
    crashes: int | None = None,
    outcome: str = "",
    error: tuple[str, str, str] | None = None,
) -> None:
    """Back to waiting. What was marked is stored; the rest is repeated by the next attempt."""
    job = claim.job.bytes
    if trace.flush is not None:
        store_flush(tx, claim, trace.flush, at)
    if crashes is None and _advanced(tx, claim):
        crashes = 0
    tx.change(
        "leave_claim",
        {
            "id": job,
            "attempt": claim.attempt,
            "runner": claim.runner,
            "at": at,
            "status": status,
            "request": request,
            "reason": reason,
            "position": place,
            "due_at": due_at,
            "paused_at": at if status == "paused" else None,
            "errors": errors,
            "crashes": crashes,
            "deaths": int(outcome == "crashed"),
        },
    )
    tx.change("delete_attempt_process", (job, claim.attempt))
    _record(tx, claim, at, outcome or ("paused" if status == "paused" else "interrupted"), reason, error)
    tx.announces = True
    failpoint.hit("transition.applied")


def _record(
    tx: Tx, claim: Claim, at: int, outcome: str, reason: str, error: tuple[str, str, str] | None = None
) -> None:
    """Remember how an attempt ended that did not complete its job."""
    error_type, _, traceback = error or ("", "", "")
    tx.change("insert_attempt", (claim.job.bytes, claim.attempt, at, outcome, reason, error_type, traceback))


def _snooze(
    tx: Tx,
    claim: Claim,
    at: int,
    trace: Trace,
    why: str,
    due_at: int | None,
    questions: tuple[bytes, ...],
    *,
    request: str | None,
    requested: str,
) -> None:
    """The job waits of its own accord; what a user asked meanwhile comes first."""
    if request is not None:
        _requeue(tx, claim, at, trace, why, request=request, requested=requested, resumable=True)
        return
    _leave(tx, claim, at, trace, why, place=tx.front(), due_at=due_at, outcome="snoozed")
    for question in questions:  # one that was answered in the meantime holds nothing up
        if tx.run("open_question", (question,)):
            tx.change("insert_wait", (claim.job.bytes, question, "run"))


def _advanced(tx: Tx, claim: Claim) -> bool:
    """Has this attempt stored a state that differs from the one it started from?"""
    return any(attempt == claim.attempt for (attempt,) in tx.run("read_advanced", (claim.job.bytes,)))


def _requeue(
    tx: Tx, claim: Claim, at: int, trace: Trace, why: str, *, request: str | None, requested: str, resumable: bool
) -> None:
    """Shutdown, suspension or a stopped runner; what a user asked meanwhile is not forgotten."""
    match request:
        case "abort":
            _end(tx, claim, at, trace, status="cancelled", reason=requested)
        case "cancel":
            _leave(tx, claim, at, trace, requested, request="cancel", place=tx.front())
        case "pause":
            _leave(tx, claim, at, trace, "paused", status="paused", place=None)
        case _ if not resumable:
            _fail(tx, claim, at, trace, "Interrupted", f"interrupted: {why}; this kind cannot be resumed", "")
        case _:
            _leave(tx, claim, at, trace, why, place=tx.front())


def crash(
    tx: Tx,
    claim: Claim,
    at: int,
    why: str,
    limit: int,
    *,
    request: str | None,
    requested: str,
    resumable: bool,
    crashes: int,
) -> None:
    """The process of this attempt died: first in line again, unless it has died too often without getting further."""
    crashes = 1 if _advanced(tx, claim) else crashes + 1
    trace = Trace()
    if request is not None or not resumable:
        _requeue(tx, claim, at, trace, why, request=request, requested=requested, resumable=resumable)
    elif crashes >= limit:
        _fail(tx, claim, at, trace, "WorkerDied", f"worker died {crashes} times (last: {why})", "", crashes=1)
    else:
        _leave(tx, claim, at, trace, why, place=tx.front(), crashes=crashes, outcome="crashed")
