"""What people ask of a job: pause, resume, cancel, abort. Waiting jobs change at once, running ones get a request."""

from __future__ import annotations

from enum import Enum

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import JobNotFound, TransitionRefused
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._store.queue import end_waiting
from spacedrive_jobs._store.tx import Tx


class Asked(Enum):
    """What became of a request."""

    DONE = "done"
    REQUESTED = "requested"
    ENDED_BEFORE = "ended before"


def pause(tx: Tx, job: JobId, now: int) -> Asked:
    """Pause a queued job, or ask a running one. Raises TransitionRefused, JobNotFound."""
    status, request, _, resumable = _read(tx, job)
    if status in ENDED:
        raise TransitionRefused(job, "pause", status)
    if not resumable:
        raise TransitionRefused(job, "pause", status, "its kind cannot be resumed, so a pause would lose its work")
    if request in ("cancel", "abort"):
        raise TransitionRefused(job, "pause", status, "it is being cancelled")
    tx.announces = True
    if status == "running":
        _request(tx, job, "pause", "pausing", now)
        asked = Asked.REQUESTED
    else:
        tx.change("pause_queued", {"now": now, "id": job.bytes})
        asked = Asked.DONE
    failpoint.hit("control.pause")
    return asked


def resume(tx: Tx, job: JobId, now: int) -> Asked:
    """Queue a paused job first in line; take back a pause not yet acted upon. Raises TransitionRefused, JobNotFound."""
    status, request, _, _ = _read(tx, job)
    tx.announces = True
    if status == "paused":
        tx.change("resume_paused", {"position": tx.front(), "now": now, "id": job.bytes})
        failpoint.hit("control.resume")
        return Asked.DONE
    if status == "running" and request == "pause":
        tx.change("withdraw_pause", (now, job.bytes))
        return Asked.DONE
    if status in ("queued", "running") and request is None:
        return Asked.DONE
    raise TransitionRefused(job, "resume", status, "it is being cancelled" if request else "")


def cancel(tx: Tx, job: JobId, now: int, reason: str, *, hook: bool) -> Asked:
    """End a waiting job, or ask a running one to stop. `hook`: its kind tidies up in `on_cancel`, if it has run."""
    status, _, attempt, _ = _read(tx, job)
    if status in ENDED:
        return Asked.ENDED_BEFORE
    tx.announces = True
    failpoint.hit("control.cancel")
    if status == "running":
        _request(tx, job, "cancel", reason or "cancelled", now)
        return Asked.REQUESTED
    if hook and attempt > 0:
        tx.change(
            "queue_for_cancel", {"reason": reason or "cancelled", "position": tx.front(), "now": now, "id": job.bytes}
        )
        return Asked.REQUESTED
    end_waiting(tx, job.bytes, now, "cancelled", reason or "cancelled")
    return Asked.DONE


def abort(tx: Tx, job: JobId, now: int, reason: str) -> Asked:
    """End a waiting job without its hook, or have a running one stopped by force."""
    status, _, _, _ = _read(tx, job)
    if status in ENDED:
        return Asked.ENDED_BEFORE
    tx.announces = True
    if status == "running":
        _request(tx, job, "abort", reason or "aborted", now)
        return Asked.REQUESTED
    end_waiting(tx, job.bytes, now, "cancelled", reason or "aborted")
    return Asked.DONE


ENDED = frozenset({"completed", "failed", "cancelled"})


def _request(tx: Tx, job: JobId, request: str, reason: str, now: int) -> None:
    tx.change("request", {"request": request, "reason": reason, "now": now, "id": job.bytes})


def _read(tx: Tx, job: JobId) -> tuple[str, str | None, int, bool]:
    for status, request, attempt, resumable, _ in tx.run("read_job_status", (job.bytes,)):
        return status, request, attempt, bool(resumable)
    for (status,) in tx.run("read_history_status", (job.bytes,)):
        return status, None, 0, False
    raise JobNotFound(job)
