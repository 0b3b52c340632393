"""vipsthumbnail and ffmpegthumbnailer, as many at a time as there are cores."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

CORES = os.cpu_count() or 1


def vipsthumbnail(root: Path, target: Path) -> float:
    """Seconds for all of a folder's JPEG files; one process for each core, each with its share of the files."""
    target.mkdir()
    files = sorted(root.iterdir())
    shares = [files[number::CORES] for number in range(CORES)]
    start = time.perf_counter()
    running = [
        subprocess.Popen(["vipsthumbnail", "--size", "256", "-o", f"{target}/%s.webp[Q=80]", *map(str, share)])
        for share in shares
    ]
    statuses = [one.wait() for one in running]
    assert not any(statuses)
    seconds = time.perf_counter() - start
    assert len(list(target.iterdir())) == len(files)
    return seconds


def ffmpegthumbnailer(root: Path, target: Path) -> float:
    """Seconds for all of a folder's films; it takes one at a time, so a process for each."""
    target.mkdir()
    files = sorted(root.iterdir())
    listed = b"\0".join(os.fsencode(file.name) for file in files)
    start = time.perf_counter()
    command = ["xargs", "-0", "-P", str(CORES), "-I{}", "ffmpegthumbnailer", "-s", "256", "-i", f"{root}/{{}}"]
    command += ["-o", f"{target}/{{}}.jpg"]
    subprocess.run(command, input=listed, check=True, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    assert len(list(target.iterdir())) == len(files)
    return seconds
