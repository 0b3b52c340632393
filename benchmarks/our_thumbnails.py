"""ThumbnailJob under measurement: pictures a second, and the most memory that a process which decodes has taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.model import Figures
from benchmarks.ours import library
from spacedrive_ops import ThumbnailJob

LOOK_EVERY = 0.02


async def thumbnails(root: Path, folder: Path) -> Figures:
    """From dispatch to end, 256 pixels a side."""
    count = sum(1 for _ in root.iterdir())
    async with library(folder, runs="all") as opened:
        with children_watched() as peak:
            start = time.perf_counter()
            out = await (await opened.jobs.dispatch(ThumbnailJob(paths=(root,), sizes=(256,)))).wait()
            seconds = time.perf_counter() - start
    assert (out.made, out.failed) == (count, 0)
    return {"rate": count / seconds, "rss_mb": peak[0]}


@contextmanager
def children_watched() -> Iterator[list[float]]:
    """The most resident memory, in MB, of any child process; right afterwards.

    A child that has not yet become its own program still shows the memory of this process: it is passed over.
    """
    peak, over, own = [0.0], threading.Event(), _text(Path("/proc/self/cmdline"))

    def watch() -> None:
        while not over.wait(LOOK_EVERY):
            for children in Path("/proc/self/task").glob("*/children"):
                for pid in _text(children).split():
                    if _text(Path(f"/proc/{pid}/cmdline")) == own:
                        continue
                    for line in _text(Path(f"/proc/{pid}/status")).splitlines():
                        if line.startswith("VmHWM:"):
                            peak[0] = max(peak[0], int(line.split()[1]) * 1024 / 1e6)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _text(path: Path) -> str:
    """Empty where the process is gone."""
    try:
        return path.read_text()
    except OSError:
        return ""
