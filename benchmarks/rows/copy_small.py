"""Many files of 4 to 64 KB, durable: ours writes each under a temporary name and renames it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.our_copies import copied
from benchmarks.peers import copy_tools
from benchmarks.trees import small_files, warm


def source(ground: Ground) -> Path:
    root = ground.shared / "tree"
    if not root.exists():
        small_files(root, ground.scale.pick(2_000, 20_000))
    warm(root)
    return root


def tool(copy: Callable[[Path, Path], float], figure: str = "durable_s") -> Callable[[Ground], Figures]:
    return lambda ground: {figure: copy(source(ground), ground.folder / "copy")}


async def ours(ground: Ground) -> Figures:
    return {"durable_s": await copied(source(ground), ground.folder)}


async def ours_unsynced(ground: Ground) -> Figures:
    return {"plain_s": await copied(source(ground), ground.folder, fsync=False)}


BENCHMARK = Benchmark(
    name="copy_small",
    group="copy",
    sides=(
        Side("cp -r && sync -f", "peer", tool(copy_tools.cp_tree_synced)),
        Side("ours", "ours", ours),
        Side("rsync --fsync", "other", tool(copy_tools.rsync_fsync)),
        Side("cp -r", "peer", tool(copy_tools.cp_tree, "plain_s")),
        Side("ours, no fsync", "ours", ours_unsynced),
    ),
    lines=(
        Line("copy small, durable", "durable_s", "s", "less", Versus(0.8, "cp -r && sync -f")),
        Line("· against rsync --fsync", "durable_s", "s", "less", Versus(1 / 3.5, "rsync --fsync")),
        Line("· --no-fsync", "plain_s", "s", "less", Versus(1.0, "cp -r")),
    ),
)
