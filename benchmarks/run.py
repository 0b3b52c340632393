"""Run benchmarks: each side of each in turn, in fresh processes, several times over; medians."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.ground import temporary_folder
from benchmarks.model import Benchmark, Ground, Scale, Side

ROOT = Path(__file__).parent.parent


@dataclass(slots=True)
class Measured:
    """All values of one benchmark, by side and figure, and what went wrong."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    errors: dict[str, str] = field(default_factory=dict)

    def middle(self, side: str, figure: str) -> float | None:
        values = self.values.get(side, {}).get(figure)
        return median(values) if values else None


def run_benchmark(benchmark: Benchmark, *, scale: Scale, runs: int, base: Path, say: Callable[[str], None]) -> Measured:
    """Interleave the sides (all once, all again, ...), so that a noisy minute falls on each of them alike."""
    measured = Measured()
    with temporary_folder(base) as folder:
        shared = folder / "shared"
        shared.mkdir()
        for number in range(min(runs, benchmark.runs)):
            for index, side in enumerate(benchmark.sides):
                if scale < side.least_scale or side.name in measured.errors:
                    continue
                say(f"{benchmark.name}: {side.name}, run {number + 1}")
                # All stays until the end: ext4 creates files several times slower right after many were deleted.
                own = folder / f"{number}-{index}"
                own.mkdir()
                ground = Ground(own, scale, shared)
                try:
                    figures = probe(benchmark, side, ground)
                except ProbeFailed as failure:
                    measured.errors[side.name] = str(failure)
                    continue
                for name, value in figures.items():
                    measured.values[side.name][name].append(value)
    return measured


class ProbeFailed(Exception):
    """A side could not be measured; the text says why."""


def probe(benchmark: Benchmark, side: Side, ground: Ground) -> Mapping[str, float]:
    where = [str(ground.folder), str(ground.shared)]
    command = [sys.executable, "-m", "benchmarks.probe", benchmark.name, side.name, ground.scale.name, *where]
    os.sync()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        out, err = process.communicate(timeout=benchmark.seconds)
    except subprocess.TimeoutExpired:
        raise ProbeFailed(f"gave no answer in {benchmark.seconds:.0f} s") from None
    finally:
        end_group(process)
    if process.returncode != 0:
        raise ProbeFailed(last_line(err) or f"ended with {process.returncode}")
    answer: Mapping[str, float] = json.loads(out.splitlines()[-1])
    return answer


def end_group(process: subprocess.Popen[str]) -> None:
    """End what the probe left behind: its whole session, which is its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
