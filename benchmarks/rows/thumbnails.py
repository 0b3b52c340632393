"""Thumbnails of 12-megapixel photos, each decoded in a process that may be killed, against vipsthumbnail."""

from __future__ import annotations

from functools import partial
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


def vips(ground: Ground, *, apart: bool) -> Figures:
    root = source(ground)
    return {"rate": sum(1 for _ in root.iterdir()) / vipsthumbnail(root, ground.folder / "small", apart=apart)}


async def ours(ground: Ground) -> Figures:
    return await thumbnails(source(ground), ground.folder)


APART, SHARED = "vipsthumbnail, a process for each file", "vipsthumbnail, a process for each core"

BENCHMARK = Benchmark(
    name="thumbnails",
    group="files",
    sides=(
        Side(APART, "peer", partial(vips, apart=True)),
        Side(SHARED, "other", partial(vips, apart=False)),
        Side("ours", "ours", ours),
    ),
    lines=(
        Line("thumbnails of 12 MP photos, each file apart", "rate", "/s", "more", Versus(1.6, APART)),
        Line("· against one that a bad file ends for all", "rate", "/s", "more", Versus(1.0, SHARED)),
        Line("· the most memory of a process", "rss_mb", "MB", "less", Limit(150)),
    ),
    seconds=300.0,
)
