"""SQLite by apsw with the engine's settings (WAL, synchronous=FULL) and nothing around it.

The row is shaped like a job: a unique time-ordered id of 16 bytes, a status, an order to claim in, arguments. So the
raw figure is what a store of jobs cannot avoid, not what an empty table can take.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from benchmarks.measure import percentile, rate
from benchmarks.model import Figures, Ground

SCHEMA = """
CREATE TABLE row (
    seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, status TEXT NOT NULL,
    priority INTEGER NOT NULL, created_ms INTEGER NOT NULL, payload BLOB NOT NULL
) STRICT;
CREATE INDEX queued ON row (priority DESC, seq) WHERE status = 'queued';
"""
INSERT = "INSERT INTO row (id, kind, status, priority, created_ms, payload) VALUES (?, 'noop', 'queued', 0, ?, ?)"
CLAIM = (
    "UPDATE row SET status = 'running' WHERE seq IN "
    "(SELECT seq FROM row WHERE status = 'queued' ORDER BY priority DESC, seq LIMIT ?) RETURNING seq"
)
PAYLOAD = b"p" * 120


def open_database(folder: Path) -> apsw.Connection:
    connection = apsw.Connection(str(folder / "raw.db"))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.execute(SCHEMA)
    return connection


def rows() -> Iterator[tuple[bytes, int, bytes]]:
    """Endless rows, with ids in the order of time as UUIDv7 are."""
    tail = os.urandom(8)
    for number in itertools.count():
        yield number.to_bytes(8, "big") + tail, number, PAYLOAD


def one_row_commits(ground: Ground) -> Figures:
    """A loop of autocommitted inserts: each one waits for the disk."""
    count = ground.scale.pick(1_000, 5_000)
    connection, endless = open_database(ground.folder), rows()

    def insert() -> None:
        for _ in range(count):
            connection.execute(INSERT, next(endless))

    return {"per_second": rate(count, insert)}


def grouped(ground: Ground) -> Figures:
    """Groups of 1,000 inserts to a commit."""
    groups, size = ground.scale.pick(20, 100), 1_000
    connection, endless = open_database(ground.folder), rows()

    def insert() -> None:
        for _ in range(groups):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, itertools.islice(endless, size))
            connection.execute("COMMIT")

    return {"per_second": rate(groups * size, insert)}


def whole_lives(ground: Ground) -> Figures:
    """A job's least life (insert, claim, finish), in groups of 100, one commit each."""
    groups, size = ground.scale.pick(50, 300), 100
    connection, endless = open_database(ground.folder), rows()

    def live() -> None:
        for _ in range(groups):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, itertools.islice(endless, size))
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            claimed = connection.execute(CLAIM, (size,)).fetchall()
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("UPDATE row SET status = 'completed' WHERE seq = ?", claimed)
            connection.execute("COMMIT")

    return {"per_second": rate(groups * size, live)}


class GroupingWriter:
    """One thread that commits whatever waits, each item under its own savepoint, and tells the loop once a commit."""

    def __init__(self, connection: apsw.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection, self._loop = connection, loop
        self._waiting: queue.SimpleQueue[asyncio.Future[None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def insert(self) -> asyncio.Future[None]:
        stored = self._loop.create_future()
        self._waiting.put(stored)
        return stored

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        execute, endless = self._connection.execute, rows()
        while (first := self._waiting.get()) is not None:
            group = [first]
            execute("BEGIN IMMEDIATE")
            while True:
                execute("SAVEPOINT item")
                execute(INSERT, next(endless))
                execute("RELEASE item")
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    self._waiting.put(None)
                    break
                group.append(following)
            execute("COMMIT")
            self._loop.call_soon_threadsafe(resolve, group)


def resolve(group: Sequence[asyncio.Future[None]]) -> None:
    for stored in group:
        stored.set_result(None)


def producers(number: int, quick: int, normal: int) -> Callable[[Ground], Coroutine[Any, Any, Figures]]:
    """`number` tasks that each insert, wait until it is stored, and go on."""

    async def measure(ground: Ground) -> Figures:
        each = ground.scale.pick(quick, normal)
        waits: list[float] = []
        writer = GroupingWriter(open_database(ground.folder), asyncio.get_running_loop())

        async def produce() -> None:
            for _ in range(each):
                start = time.perf_counter()
                await writer.insert()
                waits.append(time.perf_counter() - start)

        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(number):
                group.create_task(produce())
        seconds = time.perf_counter() - start
        writer.close()
        return {"per_second": number * each / seconds, "p50_ms": percentile(waits, 0.5) * 1e3}

    return measure
