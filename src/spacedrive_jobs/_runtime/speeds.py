"""How fast a job has been from its beginning: a bounded series, coarser the longer the job runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from msgspec import msgpack

from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.record import JobSpeed

MOST: Final = 120
"""Spans of a job that are kept; when there are so many, each two become one."""
SHORTEST_MS: Final = 1_000


class Span(NamedTuple):
    """What moved in `length` ms until `at` (ms). None: it is not counted by this job."""

    at: int
    length: int
    bytes: int | None
    items: int | None


Totals: TypeAlias = tuple[int | None, int | None]
"""Bytes and items that are done so far, without those that were skipped."""


class SpeedHistory:
    """Of one attempt, going on with the spans of those before it. Nothing is said of the time between two attempts."""

    def __init__(self, before: bytes | None = None) -> None:
        """`before`: the spans as stored."""
        self._spans: list[Span] = decode_spans(before) if before is not None else []
        self._length = max((SHORTEST_MS, *(span.length for span in self._spans)))
        self._began: tuple[int, Totals] | None = None

    def add(self, at: int, totals: Totals) -> bool:
        """What is done at a moment (ms); whether a span has ended with it. It costs next to nothing if not."""
        if self._began is None:
            self._began = at, totals
            return False
        began, before = self._began
        if at < began + self._length:
            return False
        moved = _moved(before[0], totals[0]), _moved(before[1], totals[1])
        self._began = at, totals
        if moved == (None, None):
            return False
        self._spans.append(Span(at, at - began, *moved))
        if len(self._spans) >= MOST:
            self._spans = halved(self._spans)
            self._length *= 2
        return True

    def encoded(self) -> bytes:
        return msgpack.encode(self._spans)


def halved(spans: Sequence[Span]) -> list[Span]:
    """Each two as one, so that what moved, and in how long, stays the same in all; a last one without another stays."""
    pairs = [_joined(spans[place], spans[place + 1]) for place in range(0, len(spans) - 1, 2)]
    return pairs + list(spans[len(pairs) * 2 :])


def decode_spans(data: bytes) -> list[Span]:
    return _SPANS.decode(data)


_SPANS: Final = msgpack.Decoder(list[Span])


def job_speeds(data: bytes | None) -> list[JobSpeed]:
    """Stored spans as people see them, oldest first."""
    return [
        JobSpeed(to_datetime(span.at), span.length / 1000, _rate(span.bytes, span), _rate(span.items, span))
        for span in (decode_spans(data) if data is not None else ())
    ]


def _moved(before: int | None, now: int | None) -> int | None:
    """Where less is done than before, another phase counts something else: from nothing."""
    if now is None:
        return None
    return now - before if before is not None and now >= before else now


def _joined(one: Span, other: Span) -> Span:
    return Span(other.at, one.length + other.length, _sum(one.bytes, other.bytes), _sum(one.items, other.items))


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _rate(moved: int | None, span: Span) -> float | None:
    return moved * 1000 / span.length if moved is not None else None
