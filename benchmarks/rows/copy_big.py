"""One large file: durable, with verify, and without waiting for the disk; the source is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.our_copies import copied
from benchmarks.peers import copy_tools
from benchmarks.trees import big_file, warm

MIB = 1 << 20


def source(ground: Ground) -> Path:
    path = ground.shared / "big.bin"
    if not path.exists():
        big_file(path, ground.scale.pick(512, 1024) * MIB)
    warm(path)
    return path


def tool(figure: str, copy: Callable[[Path, Path], float]) -> Callable[[Ground], Figures]:
    return lambda ground: {figure: copy(source(ground), ground.folder / "copy.bin")}


def ours(figure: str, *, fsync: bool, verify: bool) -> Callable[[Ground], Coroutine[Any, Any, Figures]]:
    async def measure(ground: Ground) -> Figures:
        return {figure: await copied(source(ground), ground.folder, fsync=fsync, verify=verify)}

    return measure


BENCHMARK = Benchmark(
    name="copy_big",
    group="copy",
    sides=(
        Side("cp && sync -f", "peer", tool("durable_s", copy_tools.cp_file_synced)),
        Side("ours, durable", "ours", ours("durable_s", fsync=True, verify=False)),
        Side("ours, verified", "ours", ours("verified_s", fsync=True, verify=True)),
        Side("rsync --fsync", "other", tool("durable_s", copy_tools.rsync_fsync)),
        Side("cp", "peer", tool("plain_s", copy_tools.cp_file)),
        Side("ours, no fsync", "ours", ours("plain_s", fsync=False, verify=False)),
        Side("ours, no fsync, verified", "ours", ours("plain_verified_s", fsync=False, verify=True)),
        Side("rsync", "other", tool("plain_s", copy_tools.rsync)),
    ),
    lines=(
        Line("copy big, durable", "durable_s", "s", "less", Versus(1.05, "cp && sync -f")),
        Line("copy big, durable, --verify", "verified_s", "s", "less", Versus(1.35, "cp && sync -f", "durable_s")),
        Line("copy big, --no-fsync", "plain_s", "s", "less", Versus(1.05, "cp")),
        Line("copy big, --no-fsync --verify", "plain_verified_s", "s", "less", Versus(1.5, "cp", "plain_s")),
        Line("· durable, against rsync", "durable_s", "s", "less", Versus(1.0, "rsync --fsync")),
        Line("· --no-fsync, against rsync", "plain_s", "s", "less", Versus(1.0, "rsync")),
    ),
)
