"""History's end: small steps, so that no writer waits for a large one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Tx

STEP: Final = 200
"""Jobs a step: about 2 ms of the writer's time."""


ROWS: Final = (
    "delete_history",
    "delete_checkpoint",
    "delete_kept",
    "delete_notes",
    "delete_events",
    "delete_children_links",
    "delete_steps",
    "delete_questions",
    "delete_standing",
    "delete_attempts",
    "delete_speeds",
)


def read_prunable(connection: apsw.Connection, finished_before: int) -> list[bytes]:
    """Up to STEP jobs that ended before the given moment (ms), oldest first."""
    return [id_ for (id_,) in connection.execute(query("prunable"), (finished_before, STEP))]


def count_prunable(connection: apsw.Connection, finished_before: int) -> int:
    """How many jobs that would be, in all."""
    ((count,),) = connection.execute(query("count_prunable"), (finished_before,))
    return int(count)


def prune_items_step(tx: Tx, job: bytes) -> bool:
    """Delete up to 5,000 items of one job; False when none was left."""
    return tx.change("delete_items_step", (job,)) > 0


def prune_jobs(tx: Tx, ids: Sequence[bytes]) -> None:
    """Delete ended jobs whose items are gone, with all their rows."""
    for id_ in ids:
        for statement in ROWS:
            tx.change(statement, (id_,))
        failpoint.hit("prune.one")
    tx.announces = True
