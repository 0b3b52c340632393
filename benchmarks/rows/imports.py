"""What `import spacedrive_jobs` costs, and how much is installed for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from statistics import median

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side

PROGRAM = """
import json, os, sys, time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
resident = int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
print(json.dumps([seconds * 1e3, resident / 1e6, len(sys.modules)]))
"""
REPEATS = 5


def imported(module: str, distribution: str) -> Callable[[Ground], Figures]:
    """The median of some imports in fresh interpreters, byte code compiled."""

    def measure(ground: Ground) -> Figures:
        command = [sys.executable, "-c", PROGRAM.format(module=module)]
        answers = [
            json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            for _ in range(REPEATS + 1)
        ][1:]
        milliseconds, megabytes, modules = (median(column) for column in zip(*answers, strict=True))
        return {
            "ms": milliseconds,
            "mb": megabytes,
            "modules": modules,
            "distributions": len(installed_for(distribution)),
        }

    return measure


def installed_for(distribution: str) -> set[str]:
    """The distribution and all that it requires without extras, by name."""
    found: set[str] = set()
    waiting = [distribution]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in found:
            found.add(name)
            waiting += [
                re.split(r"[\s<>=!~;\[(]", requirement, maxsplit=1)[0]
                for requirement in metadata.requires(name) or ()
                if "extra ==" not in requirement
            ]
    return found


BENCHMARK = Benchmark(
    name="imports",
    group="engine",
    sides=(
        Side("ours", "ours", imported("spacedrive_jobs", "spacedrive-jobs")),
        Side("Huey", "peer", imported("huey", "huey")),
    ),
    lines=(
        Line("import of the core", "ms", "ms", "less", Limit(120)),
        Line("RSS after import", "mb", "MB", "less", Limit(32)),
        Line("distributions installed for the core", "distributions", "", "less", Limit(6)),
        Line("· modules loaded", "modules", "", "less"),
    ),
)
