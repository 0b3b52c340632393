"""What a running attempt stores: checkpoints with all that belongs to them, and progress."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import AttemptEnded
from spacedrive_jobs._model.transition import Checkpoint, Claim, Flush, ProgressRow
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Row, Tx, Value


def checkpoint(tx: Tx, claim: Claim, flush: Flush, now: int) -> None:
    """Store `flush` under `claim`. Raises AttemptEnded if the claim was lost."""
    require_claim(tx, claim)
    store_flush(tx, claim, flush, now)
    failpoint.hit("checkpoint.stored")


def require_claim(tx: Tx, claim: Claim) -> None:
    if not tx.run("holds_claim", (claim.job.bytes, claim.attempt, claim.runner)):
        raise AttemptEnded(claim.job, claim.attempt)


def store_flush(tx: Tx, claim: Claim, flush: Flush, now: int) -> None:
    """Write a flush whose claim has been checked in this transaction."""
    job = claim.job.bytes
    store_rows(tx, job, flush)
    parameters: dict[str, Value] = {
        "job": job,
        "attempt": claim.attempt,
        "version": flush.version,
        "state": flush.state,
        "metrics": flush.metrics,
        "items_seq": flush.items_seq + len(flush.items),
        "notes_seq": flush.notes_seq + len(flush.notes),
        "state_seq": flush.state_seq,
        "now": now,
    }
    tx.change("store_checkpoint", parameters)


def store_rows(tx: Tx, job: bytes, flush: Flush) -> None:
    """Items, notes and kept rows alone, without moving the checkpoint: the next attempt deletes those beyond it."""
    if flush.items:
        rows = enumerate(flush.items, flush.items_seq)
        tx.change_many("insert_item", [(job, seq, row.outcome, row.item, row.reason) for seq, row in rows])
    if flush.notes:
        notes = enumerate(flush.notes, flush.notes_seq)
        tx.change_many("insert_note", [(job, seq, row.at, row.level, row.message) for seq, row in notes])
    if flush.kept:
        tx.change_many("insert_kept", [(job, key, value) for key, value in flush.kept])
    if flush.written is not None:
        tx.change("store_written", (job, flush.written))


def spill(tx: Tx, claim: Claim, flush: Flush) -> None:
    """Store rows before a checkpoint names them, so that a job that never checkpoints stays small in memory."""
    require_claim(tx, claim)
    store_rows(tx, claim.job.bytes, flush)


def begin_attempt(tx: Tx, claim: Claim, now: int, beside: Checkpoint | None) -> tuple[Checkpoint | None, float | None]:
    """For an attempt after the first: drop what it will repeat, return the checkpoint and the fraction shown before.

    `beside`: a state that was stored with rows in library.db; the newer of the two counts.
    """
    require_claim(tx, claim)
    job = claim.job.bytes
    if beside is not None and take_newer(tx, job, beside, now):
        tx.change("forgive_crashes", (job, beside.attempt))
    tx.change("delete_items_beyond", (job,))
    tx.change("delete_notes_beyond", (job,))
    rows = tx.run("read_checkpoint", (job,))
    fractions = tx.run("read_fraction", (job,))
    return (_checkpoint(rows[0]) if rows else None), (fractions[0][0] if fractions else None)


def take_newer(tx: Tx, job: bytes, beside: Checkpoint, now: int) -> bool:
    """Make a state from library.db the job's checkpoint, if it is newer than what is here; whether it was."""
    rows = tx.run("read_checkpoint", (job,))
    if rows and _checkpoint(rows[0]).state_seq >= beside.state_seq:
        return False
    parameters: dict[str, Value] = {
        "job": job,
        "attempt": beside.attempt,
        "version": beside.version,
        "state": beside.state,
        "metrics": beside.metrics,
        "items_seq": beside.items_seq,
        "notes_seq": beside.notes_seq,
        "state_seq": beside.state_seq,
        "now": now,
    }
    tx.change("store_checkpoint", parameters)
    return True


def read_checkpoint(connection: apsw.Connection, job: bytes) -> Checkpoint | None:
    rows = connection.execute(query("read_checkpoint"), (job,)).fetchall()
    return _checkpoint(rows[0]) if rows else None


def _checkpoint(row: Row) -> Checkpoint:
    return Checkpoint(*row)


def read_kept(connection: apsw.Connection, job: bytes, key: bytes) -> bytes | None:
    for (value,) in connection.execute(query("read_kept"), (job, key)):
        return bytes(value)
    return None


def store_progress(tx: Tx, rows: Sequence[ProgressRow], now: int) -> None:
    """The newest progress of several jobs."""
    tx.change_many(
        "store_progress", [(row.job.bytes, row.attempt, row.fraction, row.progress, row.view, now) for row in rows]
    )
    for row in rows:
        if row.speeds is not None:
            tx.change("store_speeds", (row.job.bytes, row.attempt, row.speeds))
    tx.announces = True
