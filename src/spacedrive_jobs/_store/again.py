"""Doing an ended job again: a new job that starts from what the old one left."""

from __future__ import annotations

from typing import Final

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import JobGone, TransitionRefused
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.transition import Checkpoint
from spacedrive_jobs._store import checkpoints
from spacedrive_jobs._store.tx import Tx

COPIED: Final = (
    "copy_checkpoint",
    "copy_kept",
    "copy_items",
    "copy_steps",
    "copy_answers",
    "copy_standing",
    "copy_children",
)


def retry(
    tx: Tx, job: JobId, new_id: bytes, now: int, beside: Checkpoint | None = None, trace: bytes | None = None
) -> bytes:
    """The id of the new job, or of the unfinished one that already does this job again.

    One that completed although items failed begins anew, and can ask which these were. `beside`: its state in
    library.db. `trace`: that of the caller. Raises TransitionRefused for a job that has not ended or has nothing to do
    again, JobGone for one that is not stored.
    """
    if tx.run("active_kind", (job.bytes,)):
        raise TransitionRefused(job, "retry", "unfinished", "it has not ended yet")
    rows = tx.run("ended_status", (job.bytes,))
    if not rows:
        raise JobGone(job)
    if rows[0][0] == "completed" and not tx.run("any_failed_item", (job.bytes,)):
        advice = "it has completed, and no item failed; dispatch it again instead"
        raise TransitionRefused(job, "retry", "completed", advice)
    for (again,) in tx.run("find_retry", (job.bytes,)):
        return bytes(again)
    if beside is not None:
        checkpoints.take_newer(tx, job.bytes, beside, now)
    tx.change("insert_retry", {"old": job.bytes, "new": new_id, "now": now, "position": tx.back(), "trace": trace})
    for statement in COPIED:
        tx.change(statement, {"old": job.bytes, "new": new_id})
    tx.announces = True
    failpoint.hit("again.stored")
    return new_id
