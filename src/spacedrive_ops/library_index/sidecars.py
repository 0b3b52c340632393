"""What was made of contents, or why it could not be made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.sql import query


class Sidecar(msgspec.Struct, frozen=True):
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


class SidecarKey(msgspec.Struct, frozen=True):
    """Which one, and its file: `path` below the library's folder, `size` in bytes; None where it has none."""

    digest: bytes
    kind: str
    variant: str
    path: str | None
    size: int | None

    @property
    def key(self) -> tuple[bytes, str, str]:
        return self.digest, self.kind, self.variant


BEFORE_ALL: Final = (b"", "", "")


async def orphans(db: LibraryDb, after: tuple[bytes, str, str], limit: int) -> list[SidecarKey]:
    """Those whose content the index knew and no file holds any more, in order."""
    return await _keys(db, "orphan_sidecars", after, limit)


async def made(db: LibraryDb, after: tuple[bytes, str, str], limit: int) -> list[SidecarKey]:
    """Those that should have a file, in order."""
    return await _keys(db, "made_sidecars", after, limit)


async def _keys(db: LibraryDb, name: str, after: tuple[bytes, str, str], limit: int) -> list[SidecarKey]:
    rows: list[Any] = await db.query(query(name), (*after, limit))
    return [SidecarKey(*row) for row in rows]


async def forget(tx: Transaction, sidecar: SidecarKey) -> None:
    await tx.execute(query("delete_sidecar"), sidecar.key)


async def is_known(db: LibraryDb, digest: bytes, path: str) -> bool:
    """Whether a file belongs to a row."""
    ((count,),) = await db.query(query("has_sidecar"), (digest, path))
    return bool(count)


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
