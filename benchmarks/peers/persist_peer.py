"""persist-queue's acknowledging queue on SQLite: a bare queue, no jobs; its one consumer acknowledges each item."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measure import rate, written_bytes
from benchmarks.model import Figures, Ground


def open_queue(folder: Path) -> Any:
    module: Any = import_module("persistqueue")
    return module.SQLiteAckQueue(str(folder), multithreading=True)


def dispatch_one(ground: Ground) -> Figures:
    count = ground.scale.pick(500, 3_000)
    queue = open_queue(ground.folder)

    def put() -> None:
        for number in range(count):
            queue.put(number)

    return {"per_second": rate(count, put)}


def end_to_end(ground: Ground) -> Figures:
    count = ground.scale.pick(1_000, 10_000)
    queue = open_queue(ground.folder)

    def consume() -> None:
        for _ in range(count):
            queue.ack(queue.get())

    def work() -> None:
        consumer = threading.Thread(target=consume)
        consumer.start()
        for number in range(count):
            queue.put(number)
        consumer.join()

    written = written_bytes()
    per_second = rate(count, work)
    return {"per_second": per_second, "kb_per_job": (written_bytes() - written) / 1024 / count}
