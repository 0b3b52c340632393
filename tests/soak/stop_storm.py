"""Runners that are stopped, and ones that are only silent.

A runner stopped (SIGSTOP) for longer than its lease loses its job to another; when it goes on, it changes neither the
store nor the destination, which was edited meanwhile. One that is silent because a job holds the GIL keeps its job.
When all runners are stopped together, as when a lid is closed, nobody loses anything.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from spacedrive_jobs import JobHandle, JobStatus, Library
from tests import abilities
from tests.soak.stop_jobs import hold_the_gil, slow_write, slow_write_in_thread
from tests.waiting import aeventually

NAME = "stop"
ROUNDS = 20
LEASE = 1.0


class Ground:
    """A library, its runners, and one that only looks (this process)."""

    def __init__(self, folder: Path) -> None:
        self.library_path, self.log, self.target = folder / "library", folder / "log", folder / "target"
        self.runners: list[subprocess.Popen[str]] = []
        self.log.touch()

    async def start(self) -> subprocess.Popen[str]:
        runner = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.runner", str(self.library_path), str(LEASE), "2"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.runners.append(runner)
        assert runner.stdout is not None
        await asyncio.to_thread(runner.stdout.readline)
        return runner

    def close(self) -> None:
        for runner in self.runners:
            if runner.poll() is None:
                runner.send_signal(signal.SIGCONT)
                runner.terminate()
        for runner in self.runners:
            runner.wait(30)
            if runner.stdout is not None:
                runner.stdout.close()

    def lines(self) -> list[str]:
        return self.log.read_text("ascii").splitlines()


async def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] == "T"


async def attempt_of(library: Library, handle: JobHandle[Any]) -> int:
    return (await library.jobs.info(handle.id)).attempt


async def stopped_in_mid_write(folder: Path, definition: Any) -> list[str]:
    """The second half of the fencing promise: the late writer leaves its successor's file alone."""
    ground = Ground(folder)
    problems: list[str] = []
    try:
        async with Library.open(ground.library_path, create=True, runs="none") as library:
            first = await ground.start()
            handle = await library.jobs.dispatch(definition.new(ground.target, 40, ground.log))
            await aeventually(lambda: _now(len(ground.lines()) >= 5), what="some pieces")
            first.send_signal(signal.SIGSTOP)
            await aeventually(lambda: is_stopped(first.pid))
            await ground.start()
            output = await handle.wait(timeout=60)
            if output != 2:
                problems.append(f"the job ended in attempt {output}, not in the second")
            ground.target.write_text("edited by its owner", "ascii")
            before = await library.jobs.info(handle.id), await library.jobs.events(handle.id)
            first.send_signal(signal.SIGCONT)
            # It has noticed when it has dropped what it ran: it then takes work again.
            proof = await library.jobs.dispatch(definition.new(folder / "proof", 1, folder / "proof.log"))
            await proof.wait(timeout=60)
            first.terminate()
            await asyncio.to_thread(first.wait, 30)
            if ground.target.read_text("ascii") != "edited by its owner":
                problems.append("the late writer replaced the edited destination")
            if before != (await library.jobs.info(handle.id), await library.jobs.events(handle.id)):
                problems.append("the late writer changed the store")
    finally:
        ground.close()
    return problems


async def _now(value: bool) -> bool:
    return value


async def silent_for_three_leases(folder: Path) -> list[str]:
    ground = Ground(folder)
    try:
        async with Library.open(ground.library_path, create=True, runs="none") as library:
            await ground.start()
            handle = await library.jobs.dispatch(hold_the_gil.new(3 * LEASE, ground.log))
            await aeventually(lambda: _now(len(ground.lines()) >= 1), what="the begin")
            await ground.start()
            output = await handle.wait(timeout=60)
            begins = [line for line in ground.lines() if line.startswith("begin")]
            if output != 1 or len(begins) != 1:
                return [f"it ran {len(begins)} times and ended in attempt {output}"]
    finally:
        ground.close()
    return []


async def all_stopped(folder: Path) -> list[str]:
    ground = Ground(folder)
    problems: list[str] = []
    try:
        async with Library.open(ground.library_path, create=True, runs="none") as library:
            runners = [await ground.start() for _ in range(3)]
            handles = [
                await library.jobs.dispatch(slow_write.new(folder / f"file-{number}", 60, ground.log))
                for number in range(4)
            ]
            await aeventually(lambda: _now(len(ground.lines()) >= 8), what="some pieces")
            for runner in runners:
                runner.send_signal(signal.SIGSTOP)
            for runner in runners:
                await aeventually(lambda pid=runner.pid: is_stopped(pid))  # type: ignore[misc]
            await asyncio.sleep(2.5 * LEASE)  # waits: the time that the lid is closed
            for runner in runners:
                runner.send_signal(signal.SIGCONT)
            outputs = [await handle.wait(timeout=60) for handle in handles]
            if outputs != [1] * len(handles):
                problems.append(f"jobs were taken from runners that had all stood still: attempts {outputs}")
            statuses = [await handle.status() for handle in handles]
            if statuses != [JobStatus.COMPLETED] * len(handles):
                problems.append(f"{statuses}")
    finally:
        ground.close()
    return problems


Scene = Callable[[Path], Awaitable[list[str]]]


def run(scale: float) -> int:
    scenes: list[tuple[str, Scene]] = [
        ("stopped in the middle of a file (async)", lambda folder: stopped_in_mid_write(folder, slow_write)),
        ("stopped in the middle of a file (thread)", lambda folder: stopped_in_mid_write(folder, slow_write_in_thread)),
        ("a job holds the GIL for three leases", silent_for_three_leases),
        ("all runners stopped together", all_stopped),
    ]
    rounds = max(1, round(ROUNDS * scale))
    violations = 0
    for name, scene in scenes:
        problems: list[str] = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="stop-storm-", dir=abilities.disk_root()) as folder:
                problems += asyncio.run(_in(scene, Path(folder)))
        print(f"   {name}: {rounds} rounds, {len(problems)} violations", flush=True)
        for problem in problems[:10]:
            print(f"     {problem}")
        violations += len(problems)
    return 1 if violations else 0


async def _in(scene: Scene, folder: Path) -> list[str]:
    return await scene(folder)
