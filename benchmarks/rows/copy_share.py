"""What part of a copy's time its verbs take: checkpoints, progress, items, checks."""

from __future__ import annotations

import inspect
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from benchmarks.trees import small_files, warm
from spacedrive_jobs import JobContext, job
from spacedrive_ops import FileCopyJob

WORK = {"run_in_pool", "map", "library", "id", "attempt", "parent", "deadline", "metrics"}
"""What is no report of progress: the copying itself, and plain facts."""


class TimedContext:
    """A context that counts the seconds spent in its verbs, on the event loop's clock."""

    def __init__(self, inner: JobContext[Any]) -> None:
        self._inner = inner
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self.largest_state = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in WORK or not callable(found):
            return found
        return self._awaited(name, found) if inspect.iscoroutinefunction(found) else self._plain(name, found)

    def _awaited(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        async def timed(*args: Any, **kwargs: Any) -> Any:
            if name == "checkpoint" and args:
                self.largest_state = max(self.largest_state, len(msgspec.msgpack.encode(args[0])))
            start = time.perf_counter()
            try:
                return await verb(*args, **kwargs)
            finally:
                self.seconds[name] += time.perf_counter() - start
                self.calls[name] += 1

        return timed

    def _plain(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return verb(*args, **kwargs)
            finally:
                self.seconds[name] += time.perf_counter() - start
                self.calls[name] += 1

        return timed


@job(name="bench.timed_copy")
async def timed_copy(ctx: JobContext[Any], source: Path, destination: Path) -> dict[str, float]:
    """A whole copy under a context that keeps the time."""
    timed: Any = TimedContext(ctx)
    start = time.perf_counter()
    await FileCopyJob(sources=(source,), destination=destination).run(timed)
    seconds = time.perf_counter() - start
    shares = {f"share_{name}": 100 * spent / seconds for name, spent in timed.seconds.items()}
    return {"share": sum(shares.values()), "state_kb": timed.largest_state / 1024, **shares}


async def ours(ground: Ground) -> Figures:
    tree = ground.shared / "tree"
    if not tree.exists():
        small_files(tree, ground.scale.pick(2_000, 20_000, 200_000), smallest=512, largest=16 << 10)
    warm(tree)
    async with library(ground.folder, runs="all") as opened:
        return await (await opened.jobs.dispatch(timed_copy.new(tree, ground.folder / "copy"))).wait()


BENCHMARK = Benchmark(
    name="copy_share",
    group="copy",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("checkpoints, progress and items in a copy", "share", "% of its time", "less", Limit(5)),
        Line("· largest state", "state_kb", "KB", "less", Limit(4)),
    ),
)
