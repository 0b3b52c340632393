"""The two counters of a job's metrics that its statistics keep, out of the encoded metrics."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from spacedrive_jobs._model.progress import JobMetrics

_decode: Final = msgspec.msgpack.Decoder(JobMetrics).decode


class Counted(NamedTuple):
    bytes: int = 0
    items: int = 0


NOTHING: Final = Counted()


def counted(metrics: bytes | None) -> Counted:
    """NOTHING where nothing was counted."""
    if not metrics:
        return NOTHING
    decoded = _decode(metrics)
    return Counted(decoded.bytes_processed, decoded.items_processed)


def metric(*arguments: Any) -> int:
    """SQL's `metric(metrics, name)`, for migrations: one counter."""
    metrics, name = arguments
    return int(getattr(_decode(metrics), name)) if metrics else 0
