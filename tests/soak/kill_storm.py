"""`kill -9` at runners that hold claims, again and again, while four of them work off one queue.

The witness is independent of the engine: lines that the jobs append to a file, and a trigger of our own that logs every
status written. In the end every job is terminal, no two runs of one job overlap, no terminal status changed, no
checkpoint that a job saw stored was lost, and the statistics say what the log of events says, also once it is cleared.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw

from spacedrive_jobs import JobFilter, Library
from tests import abilities
from tests.event_log import as_told, told_by_events
from tests.soak.witness import storm_async, storm_isolated

NAME = "kill"
JOBS = 5_000
KILLS = 200
RUNNERS = 4
PATIENCE = 600.0
SHARES = {"async": 0.9, "isolated": 0.1}
TERMINAL = ("completed", "failed", "cancelled")

WITNESS_SCHEMA = """
CREATE TABLE IF NOT EXISTS witness (seq INTEGER PRIMARY KEY, id BLOB, status TEXT, source TEXT);
CREATE TRIGGER IF NOT EXISTS witness_insert AFTER INSERT ON jobs
    BEGIN INSERT INTO witness (id, status, source) VALUES (new.id, new.status, 'insert'); END;
CREATE TRIGGER IF NOT EXISTS witness_update AFTER UPDATE OF status ON jobs
    BEGIN INSERT INTO witness (id, status, source) VALUES (new.id, new.status, 'update'); END;
CREATE TRIGGER IF NOT EXISTS witness_end AFTER INSERT ON job_history
    BEGIN INSERT INTO witness (id, status, source) VALUES (new.id, new.status, 'end'); END;
CREATE TRIGGER IF NOT EXISTS witness_rewrite AFTER UPDATE OF status ON job_history
    BEGIN INSERT INTO witness (id, status, source) VALUES (new.id, new.status, 'rewrite'); END;
"""


@dataclass(slots=True)
class Storm:
    kind: str
    library: Path
    log: Path
    dice: random.Random
    runners: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])
    killed_at: dict[int, int] = field(default_factory=dict[int, int])
    kills: int = 0
    violations: list[str] = field(default_factory=list[str])

    def start_runner(self) -> subprocess.Popen[str]:
        runner = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.runner", str(self.library)], stdout=subprocess.PIPE, text=True
        )
        self.runners.append(runner)
        return runner

    def rage(self, kills: int) -> None:
        """Kill a runner that holds claims, start another, until the jobs are done and the kills spent."""
        with closing(apsw.Connection(str(self.library / "jobs.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            connection.set_busy_timeout(10_000)
            for _ in range(RUNNERS):
                self.start_runner()
            end = time.monotonic() + PATIENCE
            while self._unfinished(connection) and time.monotonic() < end:
                if self.kills < kills:
                    self._kill_one(connection)
                else:
                    time.sleep(0.05)  # noqa: TID251 - the pause between two looks
                if all(runner.poll() is not None for runner in self.runners):
                    self.violations.append("all runners ended by themselves")
                    break
        for runner in self.runners:
            runner.terminate()
        for runner in self.runners:
            runner.wait(30)
            if runner.stdout is not None:
                runner.stdout.close()

    def _unfinished(self, connection: apsw.Connection) -> bool:
        return connection.execute("SELECT 1 FROM jobs LIMIT 1").fetchone() is not None

    def _kill_one(self, connection: apsw.Connection) -> None:
        """Only a runner whose row says that it holds claims counts as hit."""
        time.sleep(self.dice.uniform(0.0, 0.15))  # noqa: TID251 - the random moment
        rows = connection.execute(
            "SELECT DISTINCT r.pid FROM jobs AS j JOIN runners AS r ON r.id = j.runner WHERE j.status = 'running'"
        ).fetchall()
        holders = {pid for (pid,) in rows}
        candidates = [runner for runner in self.runners if runner.pid in holders and runner.poll() is None]
        if not candidates:
            return
        victim = self.dice.choice(candidates)
        self.killed_at[victim.pid] = time.monotonic_ns()
        victim.kill()
        victim.wait()
        if victim.stdout is not None:
            victim.stdout.close()
        self.runners.remove(victim)
        self.kills += 1
        self.start_runner()

    # --- judgement ----------------------------------------------------------------------------------------------------

    def judge(self, ids: set[bytes]) -> Counter[str]:
        with closing(apsw.Connection(str(self.library / "jobs.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            rows: list[Any] = connection.execute("SELECT id, status FROM job_history").fetchall()
            ended: dict[bytes, str] = dict(rows)
            active: list[Any] = connection.execute("SELECT id FROM jobs").fetchall()
            written: dict[bytes, list[str]] = defaultdict(list)
            lines: list[Any] = connection.execute("SELECT id, status FROM witness ORDER BY seq").fetchall()
            for id_, status in lines:
                written[id_].append(status)
            check = connection.execute("PRAGMA integrity_check").fetchall()
        if check != [("ok",)]:
            self.violations.append(f"integrity: {check}")
        for (id_,) in active:
            self.violations.append(f"{id_.hex()} is not terminal")
        for id_ in ids - set(ended):
            self.violations.append(f"{id_.hex()} is lost")
        for id_, statuses in written.items():
            ends = [index for index, status in enumerate(statuses) if status in TERMINAL]
            if len(ends) != 1 or ends[0] != len(statuses) - 1:
                self.violations.append(f"{id_.hex()} went on after its end: {statuses}")
        self._judge_spans()
        return Counter(ended.values())

    async def judge_statistics(self) -> None:
        told = told_by_events(self.library / "jobs.db")
        async with Library.open(self.library, runs="none") as library:
            before = as_told(await library.jobs.statistics())
            await library.jobs.clear(JobFilter())
            after = as_told(await library.jobs.statistics())
        if not told or before != told:
            self.violations.append(f"the statistics say {before}, the events {told}")
        if after != before:
            self.violations.append(f"clearing the history changed the statistics from {before} to {after}")

    def _judge_spans(self) -> None:
        """Each run is a span from its begin to its end, or to its process's last sign of life."""
        begins: dict[tuple[str, int], tuple[int, int]] = {}
        ends: dict[tuple[str, int], int] = {}
        stored: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for line in self.log.read_text("ascii").splitlines():
            word, job, attempt, pid, at, step = line.split()
            key = (job, int(attempt))
            if word == "begin":
                if key in begins:
                    self.violations.append(f"attempt {attempt} of {job} began twice")
                begins[key] = (int(at), int(pid))
                ends[key] = int(at)
            else:
                ends[key] = max(ends.get(key, 0), int(at))
            if word == "stored":
                stored[job].append((int(at), int(step)))
        per_job: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for (id_, number), (moment, _pid) in begins.items():
            per_job[id_].append((moment, ends[id_, number], number))
        for id_, spans in per_job.items():
            spans.sort()
            for (_, end, number), (begin, _, after) in pairwise(spans):
                if begin < end:
                    self.violations.append(f"attempts {number} and {after} of {id_} overlap by {end - begin} ns")
        for id_, steps in stored.items():
            order = [step for _, step in sorted(steps)]
            if any(later <= earlier for earlier, later in pairwise(order)):
                self.violations.append(f"{id_} repeated a step that was stored: {order}")


async def fill(library: Path, kind: str, jobs: int, log: Path, naps: float) -> set[bytes]:
    """Dispatch the jobs, and put the witness's own triggers beside the engine's."""
    definition: Any = storm_isolated if kind == "isolated" else storm_async
    async with Library.open(library, create=True, runs="none") as opened:
        connection = apsw.Connection(str(library / "jobs.db"))
        connection.set_busy_timeout(10_000)
        connection.execute(WITNESS_SCHEMA)
        connection.close()
        handles = await opened.jobs.dispatch_many([definition.new(log, naps) for _ in range(jobs)])
    return {handle.id.bytes for handle in handles}


def one(kind: str, jobs: int, kills: int, seed: int) -> int:
    """One storm; how many violations it saw."""
    with tempfile.TemporaryDirectory(prefix="kill-storm-", dir=abilities.disk_root()) as folder:
        log = Path(folder, "witness.log")
        log.touch()
        storm = Storm(kind, Path(folder, "library"), log, random.Random(seed))
        naps = max(0.002, 0.15 * kills / jobs * 8 / 3)
        ids = asyncio.run(fill(storm.library, kind, jobs, log, naps))
        storm.rage(kills)
        counts = storm.judge(ids)
        asyncio.run(storm.judge_statistics())
    print(
        f"   {kind}: {jobs} jobs over {RUNNERS} runners, {storm.kills} SIGKILLs at holders of claims; "
        f"{', '.join(f'{count} {status}' for status, count in sorted(counts.items()))}; "
        f"{len(storm.violations)} violations",
        flush=True,
    )
    for violation in storm.violations[:10]:
        print(f"     {violation}")
    if storm.kills < kills:
        print(f"     only {storm.kills} of {kills} kills hit a holder before the jobs were done")
    return len(storm.violations) + (storm.kills < kills)


def run(scale: float) -> int:
    jobs, kills = max(40, round(JOBS * scale)), max(5, round(KILLS * scale))
    violations = one("async", jobs, kills, seed=1)
    violations += one("isolated", jobs, kills, seed=2)
    return 1 if violations else 0
