"""Thumbnails of 12-megapixel photos, each decoded in a process that may be killed, against vipsthumbnail."""

from __future__ import annotations

from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side, Versus
from benchmarks.our_thumbnails import thumbnails
from benchmarks.peers.picture_tools import vipsthumbnail
from benchmarks.pictures import photos
from benchmarks.trees import warm


def source(ground: Ground) -> Path:
    root = ground.shared / "photos"
    if not root.exists():
        photos(root, ground.scale.pick(24, 120, 300))
    warm(root)
    return root


def peer(ground: Ground) -> Figures:
    root = source(ground)
    return {"rate": sum(1 for _ in root.iterdir()) / vipsthumbnail(root, ground.folder / "small")}


async def ours(ground: Ground) -> Figures:
    return await thumbnails(source(ground), ground.folder)


BENCHMARK = Benchmark(
    name="thumbnails",
    group="files",
    sides=(Side("vipsthumbnail, a process for each core", "peer", peer), Side("ours", "ours", ours)),
    lines=(
        Line(
            "thumbnails of 12 MP photos, isolated processes",
            "rate",
            "/s",
            "more",
            Versus(1.6, "vipsthumbnail, a process for each core"),
        ),
        Line("· the most memory of one of them", "rss_mb", "MB", "less", Limit(150)),
    ),
    seconds=300.0,
)
