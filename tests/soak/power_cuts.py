"""Power cuts under the store: after each, the database is whole and nothing that was acknowledged is lost.

The workload runs on the real Store, over a VFS that knows what a cut would leave (`disk_vfs.py`). At random moments the
disk of that moment is written out, opened by plain SQLite and judged. The same under durability="normal" must report
losses: so this check is seen to be able to fail.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import apsw

from spacedrive_jobs._model.clock import SystemClock
from spacedrive_jobs._model.ids import JobId, JobIdSource, RunnerId
from spacedrive_jobs._model.placement import Before
from spacedrive_jobs._model.transition import (
    ClaimedJob,
    Complete,
    Fail,
    Flush,
    ItemRow,
    NewJob,
    Pause,
    ProgressRow,
    Requeue,
    Retry,
)
from spacedrive_jobs._store import placing
from spacedrive_jobs._store.store import Store
from tests import abilities
from tests.soak.disk_vfs import Disk, DiskVfs

NAME = "power"
CUTS = 500
CUTS_A_DATABASE = 25
WORKERS = 12
ITEMS = 5
LINE = 8


@dataclass(slots=True)
class Acknowledged:
    """What returned calls have promised, by job."""

    dispatched: set[bytes] = field(default_factory=set[bytes])
    checkpoint: dict[bytes, int] = field(default_factory=dict[bytes, int])
    ended: dict[bytes, str] = field(default_factory=dict[bytes, str])
    paused: set[bytes] = field(default_factory=set[bytes])
    line: tuple[bytes, ...] = ()
    moving: tuple[bytes, ...] = ()
    """The order of some waiting jobs, and the one that a move which has not returned yet makes of it."""

    def copy(self) -> Acknowledged:
        done = Acknowledged(set(self.dispatched), dict(self.checkpoint), dict(self.ended), set(self.paused))
        done.line, done.moving = self.line, self.moving
        return done

    @property
    def facts(self) -> int:
        return len(self.dispatched) + len(self.checkpoint) + len(self.ended) + len(self.paused) + len(self.line)


class Workload:
    """Everything the engine does to its store, at random."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        self.store, self.dice = store, dice
        self.done = Acknowledged()
        self.runner = RunnerId(os.urandom(16))
        self._ids = JobIdSource()
        self._clock = SystemClock()
        self.stop = False

    def new_job(self) -> NewJob:
        now = self._clock.now_ms()
        return NewJob(self._ids.next_bytes(now), "cut", 1, self.dice.randbytes(self.dice.randrange(400)), True, 0, now)

    async def dispatcher(self) -> None:
        while not self.stop:
            jobs = [self.new_job() for _ in range(self.dice.choice((1, 1, 1, 3, 20)))]
            await self.store.enqueue(jobs)
            self.done.dispatched.update(job.id for job in jobs)
            await asyncio.sleep(self.dice.uniform(0, 0.004))  # waits: the pace of the workload

    async def worker(self) -> None:
        while not self.stop:
            claimed = (await self.store.claim(self.runner, {"cut": (1, 1)}, 2, suspects=True, only=None)).jobs
            for one in claimed:
                await self.attempt(one)
            if not claimed:
                await asyncio.sleep(0.002)  # waits: the pace of the workload

    async def mover(self) -> None:
        """Some jobs of a kind that no worker takes, put into another order again and again."""
        jobs = [self.new_job()._replace(kind="line") for _ in range(LINE)]
        await self.store.enqueue(jobs)
        self.done.line = tuple(job.id for job in jobs)
        while not self.stop:
            line = list(self.done.line)
            job, at = line.pop(self.dice.randrange(LINE)), self.dice.randrange(LINE - 1)
            where = Before(JobId.from_bytes(line[at]))
            line.insert(at, job)
            self.done.moving = tuple(line)
            await self.store.write(partial(placing.place, jobs=[JobId.from_bytes(job)], where=where, now=0))
            self.done.line = self.done.moving

    async def attempt(self, claimed: ClaimedJob) -> None:
        job = claimed.claim.job.bytes
        began = self.done.checkpoint.get(job, 0)
        if claimed.claim.attempt > 1:
            await self.store.begin_attempt(claimed.claim)
        step = began
        for step in range(began + 1, began + 1 + self.dice.randrange(4)):
            await self.checkpoint(claimed, step)
            self.store.store_progress([ProgressRow(claimed.claim.job, claimed.claim.attempt, 0.1, None, b"\x80")])
        await self.leave(claimed)

    async def checkpoint(self, claimed: ClaimedJob, step: int) -> None:
        """State `step`, and ITEMS items for each step up to it."""
        rows = tuple(ItemRow(f"{step}-{number}".encode(), "ok", "") for number in range(ITEMS))
        flush = Flush(state=str(step).encode(), items=rows, items_seq=(step - 1) * ITEMS)
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.store.checkpoint_to(claimed.claim, flush, durable)
        await durable
        self.done.checkpoint[claimed.claim.job.bytes] = step

    async def leave(self, claimed: ClaimedJob) -> None:
        claim, now, job = claimed.claim, self._clock.now_ms(), claimed.claim.job.bytes
        match self.dice.choice(("complete", "complete", "complete", "fail", "retry", "requeue", "pause", "cancel")):
            case "complete":
                await self.store.apply(Complete(claim=claim, at=now, output=b"\xc0"))
                self.done.ended[job] = "completed"
            case "fail":
                await self.store.apply(Fail(claim=claim, at=now, error_type="E", error_message="m"))
                self.done.ended[job] = "failed"
            case "retry":
                await self.store.apply(Retry(claim=claim, at=now, due_at=now, reason="again"))
                await self.store.pass_time(lambda: os.urandom(16), random.Random(0), fires=True)
            case "requeue":
                await self.store.apply(Requeue(claim=claim, at=now, reason="shutdown"))
            case "pause":
                await self.store.pause(claim.job)
                await self.store.apply(Pause(claim=claim, at=now))
                self.done.paused.add(job)
            case _:
                await self.store.apply(Requeue(claim=claim, at=now, reason="shutdown"))
                await self.cancel_one()

    async def cancel_one(self) -> None:
        """One of a kind that no worker takes, so that it is cancelled and not only asked to stop."""
        idle = self.new_job()._replace(kind="idle")
        await self.store.enqueue([idle])
        await self.store.cancel(JobId.from_bytes(idle.id), "cut")
        self.done.ended[idle.id] = "cancelled"


def judge(folder: Path, promised: Acknowledged) -> tuple[list[str], list[str]]:
    """(damage, losses) of one disk image."""
    path = folder / "jobs.db"
    if not path.exists():
        return [], [f"the database is gone, with {promised.facts} facts"] if promised.facts else []
    with closing(apsw.Connection(str(path))) as connection:
        damage = [str(row) for row in connection.execute("PRAGMA integrity_check") if row != ("ok",)]
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'jobs'").fetchone():
            return damage, [f"the schema is gone, with {promised.facts} facts"] if promised.facts else []
        active = {bytes(id_): (str(status), int(attempt)) for id_, status, attempt in _rows(connection, ACTIVE)}
        ended = {bytes(id_): str(status) for id_, status in _rows(connection, "SELECT id, status FROM job_history")}
        states = {bytes(id_): int(bytes(data)) for id_, data in _rows(connection, STATES)}
        items = {bytes(id_): int(count) for id_, count in _rows(connection, ITEM_COUNTS)}
        line = tuple(bytes(id_) for (id_,) in _rows(connection, IN_LINE))
    damage += [f"{id_.hex()} is both active and ended" for id_ in active.keys() & ended.keys()]
    for id_, step in states.items():
        if items.get(id_, 0) < step * ITEMS:
            damage.append(f"{id_.hex()} has state {step} and only {items.get(id_, 0)} items")
    lost = losses(promised, active, ended, states)
    if promised.line and line not in (promised.line, promised.moving):
        lost.append("the order of what waits is not the one that it was put into")
    return damage, lost


ACTIVE = "SELECT id, status, attempt FROM jobs"
STATES = "SELECT job_id, checkpoint_data FROM job_checkpoints WHERE checkpoint_data IS NOT NULL"
IN_LINE = "SELECT id FROM jobs WHERE kind = 'line' ORDER BY priority DESC, position, id"
ITEM_COUNTS = "SELECT job_id, count(*) FROM job_items GROUP BY job_id"


def _rows(connection: apsw.Connection, sql: str) -> Sequence[tuple[Any, ...]]:
    rows: Sequence[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows


def losses(
    promised: Acknowledged, active: dict[bytes, tuple[str, int]], ended: dict[bytes, str], states: dict[bytes, int]
) -> list[str]:
    lost = [f"{id_.hex()} was dispatched" for id_ in promised.dispatched if id_ not in active and id_ not in ended]
    lost += [f"{id_.hex()} was {status}" for id_, status in promised.ended.items() if ended.get(id_) != status]
    for id_, step in promised.checkpoint.items():
        if ended.get(id_) != "completed" and states.get(id_, 0) < step:
            lost.append(f"{id_.hex()} was at {step}, is at {states.get(id_, 0)}")
    lost += [f"{id_.hex()} was paused" for id_ in promised.paused if active.get(id_, ("", 0))[0] != "paused"]
    return lost


async def storm(cuts: int, durability: Literal["full", "normal"], folder: Path, seed: int) -> Counter[str]:
    dice = random.Random(seed)
    disk = Disk()
    vfs = DiskVfs(f"disk-{durability}-{seed}-{time.monotonic_ns()}", disk)
    home = folder / f"library-{durability}"
    home.mkdir()
    store = Store(home, SystemClock(), durability=durability, vfs=vfs.name)
    store.open(create=True, holders=tuple)
    work = Workload(store, random.Random(seed + 1))
    tally: Counter[str] = Counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(WORKERS // 3):
            group.create_task(work.dispatcher())
        for _ in range(WORKERS):
            group.create_task(work.worker())
        group.create_task(work.mover())
        for number in range(cuts):
            await asyncio.sleep(dice.uniform(0.001, 0.02))  # waits: the random moment
            promised = work.done.copy()
            image = folder / f"cut-{durability}-{number}"
            image.mkdir()
            disk.cut(image, dice)
            damage, lost = await asyncio.to_thread(judge, image, promised)
            tally.update(cuts=1, facts=promised.facts, damaged=bool(damage), damage=len(damage))
            tally.update(cuts_with_loss=bool(lost), lost=len(lost))
            for line in damage[:3] + (lost[:3] if durability == "full" else []):
                print(f"     cut {number}: {line}")
            for file in image.iterdir():
                file.unlink()
        work.stop = True
    await asyncio.to_thread(store.close, patience=5)
    tally["syncs"] = disk.syncs
    return tally


def run(scale: float) -> int:
    cuts = max(20, round(CUTS * scale))
    violations = 0
    for durability in ("full", "normal"):
        tally: Counter[str] = Counter()
        while tally["cuts"] < cuts:  # a fresh database now and then: each cut reads all of it
            with tempfile.TemporaryDirectory(prefix="power-cuts-", dir=abilities.disk_root()) as folder:
                part = min(CUTS_A_DATABASE, cuts - tally["cuts"])
                tally += asyncio.run(storm(part, durability, Path(folder), seed=7 + tally["cuts"]))
        print(
            f"   {durability}: {tally['cuts']} cuts, {tally['syncs']} syncs, {tally['facts']} acknowledged facts; "
            f"{tally['damaged']} databases damaged, {tally['cuts_with_loss']} cuts lost {tally['lost']} facts",
            flush=True,
        )
        violations += tally["damaged"]
        if durability == "full":
            violations += tally["cuts_with_loss"]
        elif tally["cuts_with_loss"] == 0:
            print("     NORMAL lost nothing: this check cannot fail, so it shows nothing")
            violations += 1
    return 1 if violations else 0
