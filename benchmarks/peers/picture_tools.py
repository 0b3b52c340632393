"""vipsthumbnail and ffmpegthumbnailer, as many at a time as there are cores."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

CORES = os.cpu_count() or 1


def vipsthumbnail(root: Path, target: Path, *, apart: bool) -> float:
    """Seconds for all of a folder's JPEG files: a process for each core that takes its share of them, or, `apart`, a
    process for each file, so that one which harms it costs no other."""
    files = sorted(root.iterdir())
    each = 1 if apart else -(-len(files) // CORES)
    options = ["--size", "256", "-o", f"{target}/%s.webp[Q=80]"]
    return _seconds(["xargs", "-0", "-P", str(CORES), "-n", str(each), "vipsthumbnail", *options], files, target)


def ffmpegthumbnailer(root: Path, target: Path) -> float:
    """Seconds for all of a folder's films; it takes one at a time, so a process for each."""
    files = sorted(root.iterdir())
    shell = f'ffmpegthumbnailer -s 256 -i "$1" -o "{target}/$(basename "$1").jpg"'
    return _seconds(["xargs", "-0", "-P", str(CORES), "-n", "1", "sh", "-c", shell, "sh"], files, target)


def _seconds(command: list[str], files: list[Path], target: Path) -> float:
    target.mkdir()
    listed = b"\0".join(os.fsencode(file) for file in files)
    start = time.perf_counter()
    subprocess.run(command, input=listed, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    assert len(list(target.iterdir())) == len(files)
    return seconds
