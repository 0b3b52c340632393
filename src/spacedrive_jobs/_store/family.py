"""A parent and its children in the store: spawned once a key, found again over crashes, waited for together."""

from __future__ import annotations

from typing import Final, NamedTuple

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._model.transition import Claim, NewJob
from spacedrive_jobs._store.checkpoints import require_claim
from spacedrive_jobs._store.queue import enqueue
from spacedrive_jobs._store.rows import JobRow, job_row
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Tx, Value

PAGE: Final = 500


class Spawned(NamedTuple):
    """`is_new`: it was stored just now, not found."""

    id: bytes
    is_new: bool


def spawn(tx: Tx, claim: Claim, key: str, child: NewJob) -> Spawned:
    """The child that the parent has by this key, or `child`, stored now.

    A child that failed or was cancelled is spawned afresh once the parent itself has failed since (and is tried again).
    Raises AttemptEnded if the claim was lost, JobInterrupted if the parent is being cancelled: then nothing starts.
    """
    require_claim(tx, claim)
    parent = claim.job.bytes
    ((request, _, _, errors, _),) = tx.run("read_claimed", (parent, claim.attempt, claim.runner))
    for known, errors_then in tx.run("read_child_link", (parent, key)):
        if not (errors > errors_then and _went_wrong(tx, known)):
            return Spawned(bytes(known), False)
    if request in ("cancel", "abort"):
        raise JobInterrupted(Interruption.CANCEL)
    (id_,) = enqueue(tx, [child])
    tx.change("insert_child_link", (parent, key, id_, errors))
    failpoint.hit("family.spawned")
    return Spawned(id_, id_ == child.id)


def _went_wrong(tx: Tx, child: bytes) -> bool:
    """Whether a child has ended otherwise than by completing, or is no longer known at all."""
    if tx.run("active_kind", (child,)):
        return False
    rows = tx.run("read_history_status", (child,))
    return not rows or rows[0][0] != "completed"


def set_yielding(tx: Tx, claim: Claim, yielding: int, reason: str) -> None:
    """Whether the attempt's code waits (1), wants its place back (2) or runs (0). Raises AttemptEnded."""
    parameters: dict[str, Value] = {
        "id": claim.job.bytes,
        "attempt": claim.attempt,
        "runner": claim.runner,
        "yielding": yielding,
        "reason": reason,
    }
    if not tx.change("set_yielding", parameters):
        require_claim(tx, claim)
    if yielding == 1:
        tx.announces = True  # what it held may be another's now


def children_running(connection: apsw.Connection, parent: bytes) -> bool:
    """Whether a child of this job is unfinished."""
    return connection.execute(query("any_unfinished_child"), (parent,)).fetchone() is not None


def children_page(connection: apsw.Connection, parent: bytes, after: bytes) -> list[JobRow]:
    """Up to PAGE children by their ids, those that were pruned left out."""
    found: list[JobRow] = []
    for (child,) in connection.execute(
        query("child_results"), {"parent": parent, "after": after, "limit": PAGE}
    ).fetchall():
        found += [job_row(row) for row in connection.execute(query("read_job"), {"id": child})]
    return found
