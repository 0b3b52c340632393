"""pgqueuer on PostgreSQL: the fastest peer that is a whole job queue."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from benchmarks.measure import percentile, rate_of
from benchmarks.model import Figures, Ground
from benchmarks.peers.postgres import server

SHIPPED_BATCH = 10
LARGE_BATCH = 300
"""As shipped it claims ten jobs at a time; more is faster up to about this."""


class Queue:
    """One connection to enqueue and one to work, with an entrypoint that does nothing but count."""

    def __init__(self, producer: Any, worker: Any) -> None:
        module: Any = import_module("pgqueuer")
        self.queries: Any = import_module("pgqueuer.queries").Queries(
            import_module("pgqueuer.db").AsyncpgDriver(producer)
        )
        self.worker: Any = module.PgQueuer.from_asyncpg_connection(worker)
        self.expected = self.ran = 0
        self.waits: list[float] = []
        self.all_ran = asyncio.Event()
        self.worker.entrypoint("noop")(self._run)

    async def _run(self, job: Any) -> None:
        self.waits.append((time.monotonic_ns() - int(job.payload)) / 1e6)
        self.ran += 1
        if self.ran == self.expected:
            self.all_ran.set()

    async def enqueue(self, count: int) -> None:
        now = str(time.monotonic_ns()).encode()
        await self.queries.enqueue(["noop"] * count, [now] * count, [0] * count)

    def run(self, batch: int = SHIPPED_BATCH) -> Any:
        return self.worker.run(batch_size=batch)


@asynccontextmanager
async def open_queue(ground: Ground) -> AsyncIterator[Queue]:
    asyncpg: Any = import_module("asyncpg")
    logging.getLogger("pgqueuer").setLevel(logging.ERROR)
    with server(ground.folder) as socket:
        producer = await asyncpg.connect(host=socket, user="postgres", database="postgres")
        worker = await asyncpg.connect(host=socket, user="postgres", database="postgres")
        queue = Queue(producer, worker)
        await queue.queries.install()
        yield queue
        await producer.close()
        await worker.close()


async def dispatch_one(ground: Ground) -> Figures:
    count = ground.scale.pick(300, 2_000)

    async def enqueue(queue: Queue) -> None:
        for _ in range(count):
            await queue.queries.enqueue("noop", b"0", 0)

    async with open_queue(ground) as queue:
        return {"per_second": await rate_of(count, enqueue(queue))}


async def dispatch_many(ground: Ground) -> Figures:
    count = 10_000
    async with open_queue(ground) as queue:
        return {"per_second": await rate_of(count, queue.enqueue(count))}


async def end_to_end(ground: Ground) -> Figures:
    """Enqueue in batches while its worker runs, until the last job ran and the worker wrote that down."""
    return await whole_way(ground, SHIPPED_BATCH)


async def end_to_end_large_batches(ground: Ground) -> Figures:
    return await whole_way(ground, LARGE_BATCH)


async def whole_way(ground: Ground, batch: int) -> Figures:
    count = ground.scale.pick(2_000, 10_000)

    async def work(queue: Queue) -> None:
        queue.expected = count
        for _ in range(count // 1_000):
            await queue.enqueue(1_000)
        await queue.all_ran.wait()
        queue.worker.shutdown.set()

    async with open_queue(ground) as queue, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(queue.run(batch))
        return {"per_second": await rate_of(count, asyncio.wait([tasks.create_task(work(queue)), running]))}


async def drain(ground: Ground) -> Figures:
    count = ground.scale.pick(1_000, 2_000)
    depth = ground.scale.pick(10_000, 100_000)

    async def work(queue: Queue) -> None:
        await queue.all_ran.wait()
        queue.worker.shutdown.set()

    async with open_queue(ground) as queue, asyncio.TaskGroup() as tasks:
        queue.expected = count
        for _ in range(depth // 10_000):
            await queue.enqueue(10_000)
        tasks.create_task(queue.run(LARGE_BATCH))
        return {"per_second": await rate_of(count, work(queue))}


async def pickup(ground: Ground) -> Figures:
    async with open_queue(ground) as queue, asyncio.TaskGroup() as tasks:
        tasks.create_task(queue.run())
        await asyncio.sleep(0.5)
        for _ in range(ground.scale.pick(30, 200)):
            await queue.enqueue(1)
            await asyncio.sleep(0.03)
        queue.worker.shutdown.set()
    return {"p50_ms": percentile(queue.waits, 0.5), "p95_ms": percentile(queue.waits, 0.95)}
