"""Delivering results from a database thread: to an asyncio future in one wake-up of its loop per group, or at once."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Iterable
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")

Sink: TypeAlias = "asyncio.Future[Any] | concurrent.futures.Future[Any] | None"


class Outcome(Generic[T]):
    """What became of one submitted call, and who waits for it."""

    __slots__ = ("error", "result", "sink")

    def __init__(self, sink: Sink) -> None:
        self.sink: Sink = sink
        self.result: Any = None
        self.error: BaseException | None = None


def deliver(outcomes: Iterable[Outcome[Any]]) -> None:
    """Resolve every sink. Called on a database thread, after COMMIT."""
    per_loop: dict[asyncio.AbstractEventLoop, list[Outcome[Any]]] = {}
    for outcome in outcomes:
        sink = outcome.sink
        if isinstance(sink, asyncio.Future):
            per_loop.setdefault(sink.get_loop(), []).append(outcome)
        elif sink is not None:
            _resolve(sink, outcome)
    for loop, group in per_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve_all, group)
        except RuntimeError:  # that loop has been closed: nobody waits any more
            continue


def _resolve_all(group: list[Outcome[Any]]) -> None:
    for outcome in group:
        sink = outcome.sink
        if sink is not None:
            _resolve(sink, outcome)


def _resolve(sink: asyncio.Future[Any] | concurrent.futures.Future[Any], outcome: Outcome[Any]) -> None:
    if sink.done():  # the waiter was cancelled
        return
    if outcome.error is None:
        sink.set_result(outcome.result)
    else:
        sink.set_exception(outcome.error)
