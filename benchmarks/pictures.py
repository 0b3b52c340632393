"""Photos and films to make thumbnails of: made with a fixed seed, as rich in detail as what a camera writes."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 4_000, 3_000


def photos(root: Path, count: int) -> None:
    """JPEG files of 12 megapixels and about 3 MB, each another: soft shapes, texture, and the grain of a sensor."""
    root.mkdir(parents=True)
    source = random.Random(3)
    grain = Image.frombytes("L", (WIDTH, HEIGHT), source.randbytes(WIDTH * HEIGHT))
    for number in range(count):
        bands = []
        for _ in range(3):
            band = Image.blend(_noise(source, 12, 9), _noise(source, 160, 120), 0.15)
            bands.append(Image.blend(band, grain, 0.06))
        Image.merge("RGB", bands).save(root / f"{number:04d}.jpg", quality=88)


def _noise(source: random.Random, width: int, height: int) -> Image.Image:
    """Random, and smooth over so many points."""
    small = Image.frombytes("L", (width, height), source.randbytes(width * height))
    return small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def films(root: Path, count: int) -> None:
    """Films of 1080p in H.264, five seconds long, of 17 Mbit/s with a key frame every second as phones write them."""
    root.mkdir(parents=True)
    for number in range(count):
        picture = f"testsrc2=s=1920x1080:r=30:d=5,noise=alls=10:allf=t:all_seed={number}"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "veryfast"]
        command += ["-b:v", "17M", "-g", "30", "-pix_fmt", "yuv420p", str(root / f"{number:04d}.mp4")]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
