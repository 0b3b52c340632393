"""litequeue: a bare queue on SQLite with synchronous=NORMAL, so what it acknowledged may be lost in a power cut."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measure import rate
from benchmarks.model import Figures, Ground


def open_queue(folder: Path) -> Any:
    module: Any = import_module("litequeue")
    return module.LiteQueue(str(folder / "queue.db"))


def dispatch_one(ground: Ground) -> Figures:
    count = ground.scale.pick(1_000, 10_000)
    queue = open_queue(ground.folder)

    def put() -> None:
        for _ in range(count):
            queue.put("{}")

    return {"per_second": rate(count, put)}


def dispatch_many(ground: Ground) -> Figures:
    """It has no call for many: puts in one transaction, which is how its users do it."""
    count = 10_000
    queue = open_queue(ground.folder)

    def put() -> None:
        with queue.transaction():
            for _ in range(count):
                queue.put("{}")

    return {"per_second": rate(count, put)}


def end_to_end(ground: Ground) -> Figures:
    """Its connection serves one thread at a time: put all, then pop and mark done each."""
    count = ground.scale.pick(1_000, 10_000)
    queue = open_queue(ground.folder)

    def work() -> None:
        for _ in range(count):
            queue.put("{}")
        for _ in range(count):
            queue.done(queue.pop().message_id)

    return {"per_second": rate(count, work)}
