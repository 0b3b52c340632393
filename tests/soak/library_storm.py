"""Runners that are stopped at any moment while their jobs write rows to `library.db`, for longer than their lease.

Others take the jobs over and go on with them; then the stopped ones go on too, some of them in the middle of a
transaction. One that is stopped while it holds the database keeps everybody waiting, so that one goes on as soon as
its jobs are taken. In the end each job's rows are there once and in order, an attempt wrote nothing after the next
one had begun, and whenever looked at, a job's state counted its rows.
"""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec import msgpack

from spacedrive_jobs import JobHandle, JobId, JobStatus, Library
from spacedrive_jobs._store.holder import write_lock_holder
from tests import abilities
from tests.soak.row_jobs import TABLES, write_rows, write_rows_in_thread
from tests.soak.stop_storm import Ground, is_stopped
from tests.waiting import aeventually

NAME = "library"
STOPS = 80
RUNNERS = 4
IN_FLIGHT = 8
"""Jobs at a time: half of all slots, so that one that was given back is taken at once."""
ROWS = 40
LEASE = 1.0
PATIENCE = 5 * LEASE
"""Of one stop: the stopped one may hold the lock of the store itself, and then nothing moves until it goes on."""

STATES = "SELECT job, state, (SELECT count(*) FROM entry WHERE entry.job = sd_state.job) FROM sd_state"


class Storm:
    """`taken`: claims that others took from stopped runners."""

    def __init__(self, ground: Ground, library: Library, seed: int) -> None:
        self.ground, self.library, self.dice = ground, library, random.Random(seed)
        self.handles: list[JobHandle[int]] = []
        self.taken = self.stops = self.holding = 0
        self.violations: list[str] = []

    async def rage(self, stops: int) -> None:
        async with self.library.db.transaction() as tx:
            for table in TABLES:
                await tx.execute(table)
        await asyncio.gather(*(self.ground.start() for _ in range(RUNNERS)))
        end = time.monotonic() + (stops + 3) * (3 * PATIENCE)
        while self.stops < stops and time.monotonic() < end:
            await self._fill()
            await asyncio.sleep(self.dice.uniform(0.05, 0.4))  # waits: the random moment
            await self._stop_some()
            await self._look()
        for handle in self.handles:
            output = await handle.wait(timeout=60)
            if output != ROWS:
                self.violations.append(f"{handle.id.value.hex} ended after {output} of {ROWS} rows")

    async def _fill(self) -> None:
        counts = await self.library.jobs.counts()
        missing = IN_FLIGHT - counts[JobStatus.QUEUED] - counts[JobStatus.RUNNING]
        kinds: tuple[Any, ...] = (write_rows, write_rows_in_thread)
        for number in range(missing):
            new = kinds[number % 2].new(ROWS, self.ground.log)
            self.handles.append(await self.library.jobs.dispatch(new))

    # --- one stop -----------------------------------------------------------------------------------------------------

    async def _stop_some(self) -> None:
        """It counts if others took over what the stopped ones held."""
        victims = self.dice.sample(self.ground.runners, self.dice.choice((1, 1, 2)))
        for victim in victims:
            victim.send_signal(signal.SIGSTOP)
        try:
            for victim in victims:
                await aeventually(lambda pid=victim.pid: is_stopped(pid))  # type: ignore[misc]
            holder = write_lock_holder(self.ground.library_path / "library.db")
            holds = any(holder.startswith(f"process {victim.pid} ") for victim in victims)
            held = await self._held_by(victims)
            if held and await _soon(lambda: self._all_taken(held)):
                self.stops += 1
                self.holding += holds
                self.taken += len(held)
                if not holds:
                    await _soon(lambda: self._others_write(held))
        finally:
            for victim in victims:
                victim.send_signal(signal.SIGCONT)

    async def _held_by(self, victims: list[subprocess.Popen[str]]) -> dict[JobId, int]:
        pids = {victim.pid for victim in victims}
        stopped = {runner.id for runner in await self.library.jobs.runners() if runner.pid in pids}
        running = await self.library.jobs.list(statuses=[JobStatus.RUNNING])
        return {info.id: info.attempt for info in running.rows if info.runner in stopped}

    async def _all_taken(self, held: dict[JobId, int]) -> bool:
        infos = [await self.library.jobs.info(job) for job in held]
        return all(info.attempt > held[info.id] for info in infos)

    async def _others_write(self, held: dict[JobId, int]) -> bool:
        """Each of the jobs has rows of a newer attempt, or has come to its end."""
        for job, attempt in held.items():
            rows = "SELECT 1 FROM entry WHERE job = ? AND attempt > ? LIMIT 1"
            has_rows = await self.library.db.query(rows, (job.bytes, attempt))
            if not has_rows and not (await self.library.jobs.info(job)).status.is_terminal:
                return False
        return True

    # --- judgement ----------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """State and rows, in one snapshot."""
        found: list[Any] = await self.library.db.query(STATES)
        for job, state, rows in found:
            if msgpack.decode(state) != rows:
                self.violations.append(f"{job.hex()} has {rows} rows, and its state says {msgpack.decode(state)}")

    async def judge(self) -> None:
        written: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
        rows: list[Any] = await self.library.db.query("SELECT job, number, attempt FROM entry ORDER BY seq")
        for job, number, attempt in rows:
            written[job].append((number, attempt))
        for handle in self.handles:
            mine = written.pop(handle.id.bytes, [])
            if [number for number, _ in mine] != list(range(ROWS)):
                self.violations.append(f"{handle.id.value.hex}: rows twice, missing or out of order: {mine}")
            attempts = [attempt for _, attempt in mine]
            if attempts != sorted(attempts):
                self.violations.append(f"{handle.id.value.hex}: an attempt wrote after its successor: {attempts}")
        self.violations += [f"{job.hex()}: rows of no job" for job in written]
        resumed = "SELECT hex(job), attempt, state, rows FROM resumed WHERE state != rows"
        began: list[Any] = await self.library.db.query(resumed)
        for name, attempt, state, found in began:
            self.violations.append(f"attempt {attempt} of {name} began with state {state} and {found} rows")


async def _soon(probe: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it comes about within the patience of one stop."""
    try:
        return await aeventually(probe, within=PATIENCE, every=0.02)
    except AssertionError:
        return False


async def one(folder: Path, stops: int, seed: int) -> int:
    ground = Ground(folder)
    try:
        async with Library.open(ground.library_path, create=True, runs="none") as library:
            storm = Storm(ground, library, seed)
            await storm.rage(stops)
            await storm.judge()
    finally:
        ground.close()
    print(
        f"   {len(storm.handles)} jobs of {ROWS} rows over {RUNNERS} runners, {storm.stops} stops "
        f"({storm.holding} in a transaction), {storm.taken} claims taken over, {len(ground.lines())} late commits "
        f"refused; {len(storm.violations)} violations",
        flush=True,
    )
    for violation in storm.violations[:10]:
        print(f"     {violation}")
    if storm.stops < stops:
        print(f"     only {storm.stops} of {stops} stops made others take over")
    return len(storm.violations) + (storm.stops < stops)


def run(scale: float) -> int:
    with tempfile.TemporaryDirectory(prefix="library-storm-", dir=abilities.disk_root()) as folder:
        return 1 if asyncio.run(one(Path(folder), max(3, round(STOPS * scale)), seed=1)) else 0
