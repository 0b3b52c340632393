"""What people ask of a job: pause, resume, cancel, abort. Waiting jobs change at once, running ones get a request.

What is asked of a job reaches its descendants in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import JobNotFound, TransitionRefused
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._store.admission import EVERYTHING
from spacedrive_jobs._store.ending import cancel_children, end_waiting, follow
from spacedrive_jobs._store.tx import Tx


class Asked(Enum):
    """What became of a request."""

    DONE = "done"
    REQUESTED = "requested"
    ENDED_BEFORE = "ended before"


def pause(tx: Tx, job: JobId, now: int) -> Asked:
    """Pause a queued job, or ask a running one. Raises TransitionRefused, JobNotFound."""
    found = _read(tx, job)
    if found.status in ENDED:
        raise TransitionRefused(job, "pause", found.status)
    if not found.resumable:
        raise TransitionRefused(
            job, "pause", found.status, "its kind cannot be resumed, so a pause would lose its work"
        )
    if found.request in ("cancel", "abort"):
        raise TransitionRefused(job, "pause", found.status, "it is being cancelled")
    tx.announces = True
    asked = _pause_one(tx, job.bytes, found.status, now, "paused", None)
    for id_, status, request, _, _, resumable, _ in tx.run("descendants", {"id": job.bytes}):
        if resumable and status != "paused" and request not in ("cancel", "abort"):
            tx.reaches = True
            _pause_one(tx, id_, status, now, f"paused with {job.short}", job.bytes)
    failpoint.hit("control.pause")
    return asked


def _pause_one(tx: Tx, id_: bytes, status: str, now: int, reason: str, with_: bytes | None) -> Asked:
    if status == "running":
        _request(tx, id_, "pause", reason, now, with_=with_)
        return Asked.REQUESTED
    tx.change("pause_queued", {"now": now, "id": id_, "reason": reason, "with": with_})
    return Asked.DONE


def resume(tx: Tx, job: JobId, now: int) -> Asked:
    """Queue a paused job first in line; take back a pause not yet acted upon. Raises TransitionRefused, JobNotFound."""
    found = _read(tx, job)
    tx.announces = True
    if found.status in ENDED or found.request in ("cancel", "abort"):
        raise TransitionRefused(job, "resume", found.status, "it is being cancelled" if found.request else "")
    # Descendants that were paused by themselves before stay so; the nearest ones come first in line.
    for id_, status, request, _, _, _, paused_with in reversed(tx.run("descendants", {"id": job.bytes})):
        if status == "paused" and (paused_with == job.bytes or (found.status == "paused" and paused_with is not None)):
            tx.reaches = True
            tx.change("resume_paused", {"position": tx.front(), "now": now, "id": id_})
        elif status == "running" and request == "pause":
            tx.reaches = True
            tx.change("withdraw_pause", (now, id_))
    if found.status == "paused":
        tx.change("resume_paused", {"position": tx.front(), "now": now, "id": job.bytes})
        failpoint.hit("control.resume")
    elif found.status == "running" and found.request == "pause":
        tx.change("withdraw_pause", (now, job.bytes))
    return Asked.DONE


def cancel(tx: Tx, job: JobId, now: int, reason: str) -> Asked:
    """End a waiting job, or ask a running one to stop. One that has run before tidies up first, if its kind does.

    When this transaction is committed no child of the job starts any more.
    """
    found = _read(tx, job)
    if found.status in ENDED:
        return Asked.ENDED_BEFORE
    tx.announces = True
    failpoint.hit("control.cancel")
    reason = reason or "cancelled"
    if found.status == "running":
        _request(tx, job.bytes, "cancel", reason, now)
        _reach_children(tx, job, now, f"its parent was cancelled: {reason}", force=False)
        return Asked.REQUESTED
    if found.tidies and found.attempt > 0:
        tx.change("delete_waits_of", (job.bytes,))
        tx.change("queue_for_cancel", {"reason": reason, "position": tx.front(), "now": now, "id": job.bytes})
        _reach_children(tx, job, now, f"its parent was cancelled: {reason}", force=False)
        return Asked.REQUESTED
    end_waiting(tx, job.bytes, now, "cancelled", reason)
    return Asked.DONE


def abort(tx: Tx, job: JobId, now: int, reason: str) -> Asked:
    """End a waiting job without its hook, or have a running one stopped by force; its descendants the same."""
    found = _read(tx, job)
    if found.status in ENDED:
        return Asked.ENDED_BEFORE
    tx.announces = True
    reason = reason or "aborted"
    _reach_children(tx, job, now, f"its parent was aborted: {reason}", force=True)
    if found.status == "running":
        _request(tx, job.bytes, "abort", reason, now)
        return Asked.REQUESTED
    end_waiting(tx, job.bytes, now, "cancelled", reason)
    return Asked.DONE


def set_priority(tx: Tx, job: JobId, priority: int, now: int) -> None:
    """Of the job and of its unfinished descendants. Raises TransitionRefused if it has ended, JobNotFound."""
    found = _read(tx, job)
    if found.status in ENDED:
        raise TransitionRefused(job, "change the priority of", found.status)
    tx.announces = tx.reaches = True
    for id_ in (job.bytes, *(row[0] for row in tx.run("descendants", {"id": job.bytes}))):
        tx.change("set_priority", (priority, now, id_))


def put_first(tx: Tx, job: JobId) -> None:
    """Before all others of its priority. Raises TransitionRefused if it does not wait, JobNotFound."""
    found = _read(tx, job)
    if found.status != "queued":
        raise TransitionRefused(job, "put first", found.status)
    tx.announces = tx.reaches = True
    tx.change("move_job", (tx.front(), job.bytes))


def pause_kind(tx: Tx, kind: str | None, now: int, reason: str) -> None:
    """Start no more jobs of a kind; None: of any. Raises ValueError for an empty one."""
    paused = _kind_or_all(kind)
    what = f"kind {kind} is paused" if kind is not None else "the queue is paused"
    tx.change("pause_kind", (paused, now, f"{what}: {reason}" if reason else what))
    tx.announces = tx.reaches = True


def resume_kind(tx: Tx, kind: str | None) -> None:
    """Take `pause_kind` back. `None` takes back the pause of everything, not those of single kinds. Raises ValueError
    for an empty one."""
    tx.change("resume_kind", (_kind_or_all(kind),))
    tx.announces = tx.reaches = True


def _kind_or_all(kind: str | None) -> str:
    """What is stored; the empty text is what a variable gives that was not set, and must not stand for everything."""
    if kind == "":
        raise ValueError("the kind is empty: name one, or leave it out (None) for all kinds")
    return EVERYTHING if kind is None else kind


ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Found:
    """What decides about a request."""

    status: str
    request: str | None = None
    attempt: int = 0
    resumable: bool = False
    tidies: bool = False


def _reach_children(tx: Tx, job: JobId, now: int, reason: str, *, force: bool) -> None:
    for id_, status in cancel_children(tx, job.bytes, now, reason, force=force):
        follow(tx, id_, status, now)


def _request(tx: Tx, job: bytes, request: str, reason: str, now: int, *, with_: bytes | None = None) -> None:
    tx.change("request", {"request": request, "reason": reason, "now": now, "id": job, "with": with_})


def _read(tx: Tx, job: JobId) -> Found:
    for status, request, attempt, resumable, tidies, _ in tx.run("read_job_status", (job.bytes,)):
        return Found(status, request, attempt, bool(resumable), bool(tidies))
    for (status,) in tx.run("read_history_status", (job.bytes,)):
        return Found(status)
    raise JobNotFound(job)
