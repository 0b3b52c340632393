"""A frame of each film, against ffmpegthumbnailer."""

from __future__ import annotations

from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side, Versus
from benchmarks.our_thumbnails import thumbnails
from benchmarks.peers.picture_tools import ffmpegthumbnailer
from benchmarks.pictures import films
from benchmarks.trees import warm

DIFFERENT = 4
"""Films that are made; the others are these with other last bytes, since making one takes seconds."""


def source(ground: Ground) -> Path:
    root = ground.shared / "films"
    if not root.exists():
        made = ground.shared / "made"
        films(made, DIFFERENT)
        root.mkdir()
        for number in range(ground.scale.pick(16, 60, 120)):
            film = (made / f"{number % DIFFERENT:04d}.mp4").read_bytes()
            free = (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")  # a box that players pass over
            (root / f"{number:04d}.mp4").write_bytes(film + free)
    warm(root)
    return root


def peer(ground: Ground) -> Figures:
    root = source(ground)
    return {"rate": sum(1 for _ in root.iterdir()) / ffmpegthumbnailer(root, ground.folder / "small")}


async def ours(ground: Ground) -> Figures:
    return await thumbnails(source(ground), ground.folder)


BENCHMARK = Benchmark(
    name="film_frames",
    group="files",
    sides=(Side("ffmpegthumbnailer, one for each core", "peer", peer), Side("ours", "ours", ours)),
    lines=(
        Line(
            "frames of 1080p films, isolated processes",
            "rate",
            "/s",
            "more",
            Versus(3, "ffmpegthumbnailer, one for each core"),
        ),
        Line("· the most memory of one of them", "rss_mb", "MB", "less", Limit(150)),
    ),
    seconds=300.0,
)
