"""Which benchmarks there are, in the order of the table: each is a module of `benchmarks.rows` with a `BENCHMARK`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from benchmarks.model import Benchmark

ENGINE: Final = (
    "limits",
    "dispatch_one",
    "dispatch_together",
    "dispatch_many",
    "end_to_end",
    "drain",
    "first_job",
    "pickup",
    "pickup_other",
    "priority",
    "rescue",
    "memory",
    "checkpoints",
    "verbs",
    "children",
    "control",
    "imports",
    "subscribers",
    "history",
)
COPY: Final = ("copy_big", "copy_small", "reflink", "copy_resume", "copy_share")
FILES: Final = (
    "index",
    "index_beside",
    "duplicates",
    "hash_big",
    "hash_small",
    "thumbnails",
    "film_frames",
    "hostile_pictures",
)
PAGE: Final = ("page", "page_scroll", "page_events", "page_cost")
GROUPS: Final = {"engine": ENGINE, "copy": COPY, "files": FILES, "page": PAGE}


def load(name: str) -> Benchmark:
    module = import_module(f"benchmarks.rows.{name}")
    benchmark = module.BENCHMARK
    assert isinstance(benchmark, Benchmark)
    return benchmark


def selected(words: list[str]) -> list[str]:
    """The benchmarks that `words` (groups or names) select, in the catalogue's order; all where there are none."""
    every = [*ENGINE, *COPY, *FILES, *PAGE]
    if not words:
        return every
    if unknown := set(words) - set(every) - set(GROUPS):
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join([*GROUPS, *every])}")
    return [name for name in every if name in words or any(name in GROUPS[word] for word in words if word in GROUPS)]
