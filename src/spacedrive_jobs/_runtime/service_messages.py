"""What an attempt's code and the runner's services say to each other, in one process or over a pipe."""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Ended(msgspec.Struct, array_like=True):
    """How a job ended: what a parent needs of it."""

    job: bytes
    kind: str
    status: str
    reason: str
    output: bytes | None
    error_type: str
    error_message: str
    error_traceback: str
    attempt: int


class Spawn(msgspec.Struct, array_like=True):
    """A child to be stored, or found again."""

    kind: str
    version: int
    arguments: bytes
    key: str
    after: tuple[bytes, ...] = ()
    trace: bytes | None = None


ARGUMENTS: Final[dict[str, Any]] = {
    "spawn": Spawn,
    "status": bytes,
    "outcome": bytes,
    "children": None,
    "children_page": bytes,
    "control": tuple[bytes, str, str],
    "read_step": str,
    "store_step": tuple[str, bytes],
    "sleep": tuple[str, float],
    "ask": tuple[tuple[tuple[str, str], ...], str, bytes],
    "failed_before": int,
}
"""The type of each service's argument. What is not here cannot be called over a pipe."""

RESULTS: Final[dict[str, Any]] = {
    "spawn": bytes,
    "status": str,
    "outcome": Ended,
    "children": None,
    "children_page": list[Ended],
    "control": None,
    "read_step": tuple[str, bytes] | None,
    "store_step": bytes,
    "sleep": None,
    "ask": list[bytes],
    "failed_before": list[tuple[int, bytes, str]],
}
