"""What was made of contents, or why it could not be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.sql import query


@dataclass(frozen=True, slots=True)
class Sidecar:
    """`path`: below the library's folder. `bytes`: its size. `made_ms`: milliseconds since 1970."""

    digest: bytes
    kind: str
    variant: str
    state: Literal["made", "failed"]
    path: str | None
    bytes: int | None
    reason: str
    made_ms: int


async def read(db: LibraryDb, digest: bytes, kind: str) -> dict[str, str]:
    """The state of each variant."""
    rows: list[Any] = await db.query(query("sidecars"), (digest, kind))
    return dict(rows)


async def store(tx: Transaction, sidecars: Sequence[Sidecar]) -> None:
    rows = [
        (one.digest, one.kind, one.variant, one.state, one.path, one.bytes, one.reason, one.made_ms) for one in sidecars
    ]
    await tx.executemany(query("store_sidecar"), rows)


def is_due(state: str | None, redo: Literal["missing", "failed", "unmade", "all"]) -> bool:
    """Whether something in this state (None: never tried) is meant."""
    match redo:
        case "missing":
            return state is None
        case "failed":
            return state == "failed"
        case "unmade":
            return state != "made"
        case "all":
            return True
