"""Limits and reservations under load: eight processes on one library, and `kill -9` at those that hold claims.

Judged by what the jobs write: at no moment more of a kind, of a key, or of the machine's memory than there may be; and
when all is done nothing is held any more. A killed job counts until its last sign of life.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from spacedrive_jobs import GB, Library
from tests import abilities
from tests.soak import limit_jobs

NAME = "limits"
PROCESSES = 8
KILLS = 20
SECONDS = 60.0
PATIENCE = 240.0
PROGRAM = "from tests.soak import limit_jobs; limit_jobs.main()"
HOLDERS = "SELECT DISTINCT r.pid FROM jobs AS j JOIN runners AS r ON r.id = j.runner WHERE j.status = 'running'"
COST = {"heavy": 6 * GB, "light": 3 * GB}


def run(scale: float) -> int:
    seconds, kills = max(4.0, SECONDS * scale), max(2, round(KILLS * scale))
    with tempfile.TemporaryDirectory(prefix="limit-storm-", dir=abilities.disk_root()) as folder:
        library, log = Path(folder, "library"), Path(folder, "witness.log")
        jobs = asyncio.run(_fill(library, log, seconds))
        hits = _rage(library, seconds, kills)
        counts = _ended(library)
        violations, most = _judge(log)
        violations += _leaks(library)
    lost = jobs - sum(counts.values())
    print(
        f"   {jobs} jobs over {PROCESSES} processes, {hits} SIGKILLs at holders of claims; "
        f"{', '.join(f'{count} {status}' for status, count in sorted(counts.items()))}, {lost} unfinished; at most "
        f"{', '.join(f'{count} {what}' for what, count in sorted(most.items()))}; {len(violations)} violations",
        flush=True,
    )
    for violation in violations[:10]:
        print(f"     {violation}")
    return 1 if violations or lost or hits < kills else 0


async def _fill(library: Path, log: Path, seconds: float) -> int:
    """About as much work as takes that long under the limits."""
    nap = 0.04
    rounds = round(seconds / nap * 0.8)
    jobs: list[Any] = []
    for number in range(rounds):
        jobs += [limit_jobs.two.new(log, nap), limit_jobs.keyed.new(log, nap, f"v{number % 3}")]
        jobs.append(limit_jobs.heavy.new(log, nap / 2) if number % 2 else limit_jobs.light.new(log, nap / 2))
    async with Library.open(library, create=True, runs="none", resources={"memory": limit_jobs.MEMORY}) as opened:
        await opened.jobs.dispatch_many(jobs)
    return len(jobs)


def _rage(library: Path, seconds: float, kills: int) -> int:
    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", PROGRAM, str(library)])

    dice, hits = random.Random(1), 0
    runners = [start() for _ in range(PROCESSES)]
    began = time.monotonic()
    with closing(apsw.Connection(str(library / "jobs.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        connection.set_busy_timeout(10_000)
        while connection.execute("SELECT 1 FROM jobs LIMIT 1").fetchone() and time.monotonic() < began + PATIENCE:
            time.sleep(dice.uniform(0.3, 1.0) * seconds / kills / 2 if hits < kills else 0.1)  # noqa: TID251 - a moment
            holders = {pid for (pid,) in connection.execute(HOLDERS)}
            victims = [runner for runner in runners if runner.pid in holders]
            if hits < kills and victims:
                victim = dice.choice(victims)
                victim.kill()
                victim.wait()
                runners.remove(victim)
                runners.append(start())
                hits += 1
    for runner in runners:
        runner.terminate()
    for runner in runners:
        runner.wait(30)
    return hits


def _ended(library: Path) -> Counter[str]:
    with closing(apsw.Connection(str(library / "jobs.db"))) as connection:
        rows: list[Any] = connection.execute("SELECT status, count(*) FROM job_history GROUP BY status").fetchall()
        return Counter(dict(rows))


def _leaks(library: Path) -> list[str]:
    """Whatever still says that something is running or reserved."""
    with closing(apsw.Connection(str(library / "jobs.db"))) as connection:
        counts: list[Any] = [
            (table, connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
            for table in ("jobs", "job_written", "job_waits")
        ]
    return [f"{count} rows are left in {table}" for table, count in counts if count]


def _judge(log: Path) -> tuple[list[str], Counter[str]]:
    spans: dict[tuple[str, str, str], tuple[int, int]] = {}
    for line in log.read_text("ascii").splitlines():
        _, what, job, attempt, at = line.split()
        begin, end = spans.get((what, job, attempt), (int(at), int(at)))
        spans[what, job, attempt] = min(begin, int(at)), max(end, int(at))
    moments = sorted(
        moment
        for (what, _, _), (begin, end) in spans.items()
        for moment in ((begin, 1, what), (end, 0, what))
        if begin < end
    )
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()
    violations: list[str] = []
    for _, begins, what in moments:
        now[what] += 1 if begins else -1
        most[what] = max(most[what], now[what])
        used = sum(COST[kind] * now[kind] for kind in COST)
        most["GB"] = max(most["GB"], used // GB)
        if now["two"] > 2 or any(now[f"keyed-v{volume}"] > 1 for volume in range(3)) or used > limit_jobs.MEMORY:
            violations.append(f"at once: {dict(+now)}")
    return violations, most
