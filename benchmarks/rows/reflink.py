"""One large file where the file system can share its blocks: an XFS on a loop mount."""

from __future__ import annotations

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.our_copies import copied
from benchmarks.peers.copy_tools import seconds
from benchmarks.raw.reflink import clone, mounted_xfs
from benchmarks.trees import big_file

MIB = 1 << 20


def size(ground: Ground) -> int:
    return ground.scale.pick(128, 1024) * MIB


async def ours(ground: Ground) -> Figures:
    """Three copies, of which the quickest counts: the first also loads the code of the copy."""
    figures: dict[str, list[float]] = {"durable_ms": [], "plain_ms": []}
    with mounted_xfs(ground.folder, size(ground) + 512 * MIB) as mount:
        source = mount / "big.bin"
        big_file(source, size(ground))
        for number in range(3):
            for figure, fsync in (("durable_ms", True), ("plain_ms", False)):
                own = mount / f"{figure}{number}"
                own.mkdir()
                figures[figure].append(await copied(source, own, fsync=fsync) * 1e3)
    return {figure: min(values) for figure, values in figures.items()}


def cloned(ground: Ground) -> Figures:
    with mounted_xfs(ground.folder, size(ground) + 512 * MIB) as mount:
        source = mount / "big.bin"
        big_file(source, size(ground))
        return {"durable_ms": min(clone(source, mount / f"clone{number}") for number in range(3)) * 1e3}


def cp(ground: Ground) -> Figures:
    with mounted_xfs(ground.folder, size(ground) + 512 * MIB) as mount:
        source = mount / "big.bin"
        big_file(source, size(ground))
        command = ["cp", "--reflink=always", str(source)]
        return {"plain_ms": min(seconds([*command, str(mount / f"copy{number}")]) for number in range(3)) * 1e3}


BENCHMARK = Benchmark(
    name="reflink",
    group="copy",
    sides=(Side("FICLONE + fsync", "raw", cloned), Side("ours", "ours", ours), Side("cp --reflink", "peer", cp)),
    lines=(
        Line("reflink of 1 GB, --no-fsync, dispatch to end", "plain_ms", "ms", "less", Limit(5)),
        Line("reflink of 1 GB, durable, dispatch to end", "durable_ms", "ms", "less", Limit(5)),
    ),
)
