"""What the worst of some files that mean harm costs: a job for each, with the start of its processes."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.our_thumbnails import children_watched
from benchmarks.ours import library
from benchmarks.pictures import photos
from spacedrive_ops import ThumbnailJob

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200">{}</svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb() -> bytes:
    """30,000 x 30,000 pixels, told in a kilobyte."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


def entity_bomb() -> bytes:
    """A word that is ten times another, which is ten times another ..."""
    words = "".join(f'<!ENTITY w{number + 1} "{f"&w{number};" * 10}">' for number in range(12))
    return f'<!DOCTYPE svg [<!ENTITY w0 "0123456789">{words}]>{SVG.format("<text>&w12;</text>")}'.encode()


def use_bomb() -> bytes:
    """Groups that each show the one before twice."""
    groups = "".join(f'<g id="g{n + 1}"><use href="#g{n}"/><use href="#g{n}"/></g>' for n in range(30))
    return SVG.format(f'<defs><g id="g0"><rect width="9" height="9"/></g>{groups}</defs><use href="#g30"/>').encode()


def files(root: Path) -> None:
    photos(root, 1)
    (photo,) = root.iterdir()
    photo.write_bytes(photo.read_bytes()[: photo.stat().st_size // 2])
    (root / "bomb.png").write_bytes(png_bomb())
    (root / "entities.svg").write_bytes(entity_bomb())
    (root / "uses.svg").write_bytes(use_bomb())
    (root / "cut.pdf").write_bytes(b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>\n")
    (root / "list.mp4").write_bytes(b"#EXTM3U\n#EXTINF:1.0\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    (root / "noise.jpg").write_bytes(b"\xff\xd8\xff" + bytes(range(256)) * 100)


async def ours(ground: Ground) -> Figures:
    root = ground.folder / "files"
    files(root)
    slowest = 0.0
    async with library(ground.folder, runs="all") as opened:
        with children_watched() as peak:
            for path in sorted(root.iterdir()):
                start = time.perf_counter()
                out = await (await opened.jobs.dispatch(ThumbnailJob(paths=(path,), sizes=(256,)))).wait()
                slowest = max(slowest, time.perf_counter() - start)
                assert (out.made, out.failed) == (0, 1), path.name
    return {"seconds": slowest, "peak_mb": peak[0]}


BENCHMARK = Benchmark(
    name="hostile_pictures",
    group="files",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("the worst of seven hostile files, dispatch to end", "seconds", "s", "less", Limit(1)),
        Line("· the most memory of a process", "peak_mb", "MB", "less", Limit(250)),
    ),
)
