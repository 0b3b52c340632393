"""What follows from the end of a job: those that waited for it go on or end too, its children do not outlive it."""

from __future__ import annotations

from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._store.tx import Tx, Value


def end_waiting(tx: Tx, id_: bytes, now: int, status: str, reason: str, *, error_type: str | None = None) -> bool:
    """End a queued or paused job, for which no code runs, with all that follows. False if it is in neither status."""
    if not _move_to_history(tx, id_, now, status, reason, error_type):
        return False
    follow(tx, id_, status, now)
    return True


def follow(tx: Tx, id_: bytes, status: str, now: int) -> None:
    """After a job has ended. An explicit stack: a chain of ten thousand is no recursion."""
    ended = [(id_, status)]
    while ended:
        job, how = ended.pop()
        for waiting, policy in tx.run("waiting_on", (job,)):
            if how == "completed" or policy == "run":
                tx.change("delete_wait", (waiting, job))
                tx.announces = tx.reaches = True
            elif _move_to_history(tx, waiting, now, "cancelled", f"{_named(tx, job)} {_ENDED[how]}", None):
                tx.reaches = True
                ended.append((waiting, "cancelled"))
        if how != "completed":
            ended += cancel_children(tx, job, now, f"its parent {_ENDED[how]}")


def cancel_children(tx: Tx, job: bytes, now: int, reason: str, *, force: bool = False) -> list[tuple[bytes, str]]:
    """Ask every unfinished descendant to stop; those that ended at once: what follows from that is the caller's task.

    No descendant starts after this transaction, except to tidy up.
    """
    ended: list[tuple[bytes, str]] = []
    for id_, status, _, attempt, tidies, _, _ in tx.run("descendants", {"id": job}):
        tx.announces = tx.reaches = True
        if status == "running":
            request = "abort" if force else "cancel"
            tx.change("request", {"request": request, "reason": reason, "now": now, "id": id_, "with": None})
        elif tidies and attempt > 0 and not force:
            tx.change("delete_waits_of", (id_,))
            tx.change("queue_for_cancel", {"reason": reason, "position": tx.front(), "now": now, "id": id_})
        elif _move_to_history(tx, id_, now, "cancelled", reason, None):
            ended.append((id_, "cancelled"))
    return ended


_ENDED = {"failed": "failed", "cancelled": "was cancelled", "completed": "completed"}


def _named(tx: Tx, job: bytes) -> str:
    for _, kind in tx.run("ended_status", (job,)):
        return f"{kind} {JobId.from_bytes(job).short}"
    return f"job {JobId.from_bytes(job).short}"


def _move_to_history(tx: Tx, id_: bytes, now: int, status: str, reason: str, error_type: str | None) -> bool:
    parameters: dict[str, Value] = {
        "id": id_,
        "at": now,
        "status": status,
        "reason": reason,
        "error_type": error_type,
        "error_message": reason if status == "failed" else None,
        "error_traceback": None,
    }
    if tx.change("end_waiting", parameters) == 0:
        return False
    past, metrics = tx.past_of(id_)
    tx.ended.append((past, status, now, metrics, 0, 0))
    tx.change("delete_job", (id_,))
    tx.change("delete_waits_of", (id_,))
    tx.change("delete_progress", (id_,))
    tx.announces = True
    return True
