"""Huey on SQLite, as safe as it can be set (fsync: synchronous=FULL), with its default consumer: one thread."""

from __future__ import annotations

import logging
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measure import percentile, rate, rest, settled_rss_mb, written_bytes
from benchmarks.model import Figures, Ground


class Queue:
    """One Huey with a task that does nothing but count."""

    def __init__(self, folder: Path) -> None:
        huey_module: Any = import_module("huey")
        logging.getLogger("huey").setLevel(logging.ERROR)
        self.huey = huey_module.SqliteHuey("bench", filename=str(folder / "huey.db"), fsync=True, results=False)
        self.expected = 0
        self.ran = 0
        self.waits: list[float] = []
        self.all_ran = threading.Event()
        self.noop: Any = self.huey.task()(self._run)

    def _run(self, sent: float) -> None:
        self.waits.append(time.perf_counter() - sent)
        self.ran += 1
        if self.ran == self.expected:
            self.all_ran.set()

    def enqueue(self, count: int) -> None:
        for _ in range(count):
            self.noop(time.perf_counter())

    def start(self) -> Any:
        consumer: Any = self.huey.create_consumer(workers=1, periodic=False)
        consumer.start()
        return consumer


def dispatch_one(ground: Ground) -> Figures:
    count = ground.scale.pick(500, 3_000)
    queue = Queue(ground.folder)
    return {"per_second": rate(count, lambda: queue.enqueue(count))}


def end_to_end(ground: Ground) -> Figures:
    """Enqueue while the consumer runs, until the last task ran."""
    queue = Queue(ground.folder)
    queue.expected = count = ground.scale.pick(1_000, 10_000)
    consumer = queue.start()
    written = written_bytes()

    def work() -> None:
        queue.enqueue(count)
        queue.all_ran.wait()

    per_second = rate(count, work)
    kilobytes = (written_bytes() - written) / 1024 / count
    consumer.stop()
    return {"per_second": per_second, "kb_per_job": kilobytes}


def drain(ground: Ground) -> Figures:
    """What the consumer does alone, with the queue full before it starts."""
    queue = Queue(ground.folder)
    queue.expected = count = ground.scale.pick(500, 5_000)
    queue.enqueue(count)
    consumer = queue.start()
    per_second = rate(count, queue.all_ran.wait)
    consumer.stop()
    return {"per_second": per_second}


def pickup(ground: Ground) -> Figures:
    queue = Queue(ground.folder)
    consumer = queue.start()
    for _ in range(ground.scale.pick(20, 40)):
        queue.enqueue(1)
        rest(0.15)
    consumer.stop()
    return {"p50_ms": percentile(queue.waits, 0.5) * 1e3, "p95_ms": percentile(queue.waits, 0.95) * 1e3}


def memory(ground: Ground) -> Figures:
    queue = Queue(ground.folder)
    queue.enqueue(100)
    idle = settled_rss_mb()
    queue.enqueue(ground.scale.pick(2_000, 20_000))
    return {"growth_mb": settled_rss_mb() - idle}
