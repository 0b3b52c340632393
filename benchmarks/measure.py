"""Small instruments: rates, percentiles, memory, bytes written."""

from __future__ import annotations

import gc
import math
import os
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any


def rate(count: int, call: Callable[[], object]) -> float:
    """How many per second, where `call` does `count` of them."""
    start = time.perf_counter()
    call()
    return count / (time.perf_counter() - start)


async def rate_of(count: int, work: Coroutine[Any, Any, object]) -> float:
    start = time.perf_counter()
    await work
    return count / (time.perf_counter() - start)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; `share` from 0 to 1."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def microseconds_each(count: int, call: Callable[[], object]) -> float:
    """Microseconds of one `call`, in a loop whose own cost is taken off."""
    loop = range(count)
    start = time.perf_counter()
    for _ in loop:
        pass
    empty = time.perf_counter() - start
    start = time.perf_counter()
    for _ in loop:
        call()
    return max(0.0, time.perf_counter() - start - empty) / count * 1e6


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory now, in MB (10⁶ bytes)."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE") / 1e6


def settled_rss_mb() -> float:
    gc.collect()
    return rss_mb()


def written_bytes(pid: int | str = "self") -> int:
    """What a process caused to be sent to the disk so far."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise RuntimeError("/proc has no write_bytes")


def rest(seconds: float) -> None:
    """Let time pass; in a benchmark that is no race, but what is measured."""
    threading.Event().wait(seconds)


def cpu_seconds(pid: int | str = "self") -> float:
    """Processor time that a process has used, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds(pid: int) -> float:
    """As `cpu_seconds`, to the nanosecond instead of to a hundredth, of the threads that are there now."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
