"""The files that are copied, made by a generator with a fixed seed: the same bytes in every run."""

from __future__ import annotations

import os
import random
from pathlib import Path

FILES_A_FOLDER = 100
SMALLEST, LARGEST = 4 << 10, 64 << 10


def big_file(path: Path, size: int) -> None:
    """One file of random bytes, on the disk and in the cache."""
    block = random.Random(1).randbytes(1 << 20)
    with path.open("wb", buffering=0) as file:
        for number in range(size >> 20):
            file.write(number.to_bytes(8, "big") + block[8:])
        os.fsync(file.fileno())


def small_files(
    root: Path, count: int, *, smallest: int = SMALLEST, largest: int = LARGEST, a_folder: int = FILES_A_FOLDER
) -> int:
    """`count` files, so many in a folder, of sizes spread evenly, all on the disk; gives the bytes."""
    source = random.Random(2)
    block = source.randbytes(largest)
    total = 0
    for start in range(0, count, a_folder):
        folder = root / f"{start // a_folder // 100:03d}" / f"{start // a_folder % 100:02d}"
        folder.mkdir(parents=True)
        for number in range(start, min(count, start + a_folder)):
            size = source.randint(smallest, largest)
            (folder / f"{number:07d}.bin").write_bytes(number.to_bytes(8, "big")[: min(8, size)] + block[8:size])
            total += size
    os.sync()
    return total


def count_of(root: Path) -> tuple[int, int]:
    """Files and bytes below `root`."""
    files = total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            files += 1
            total += os.lstat(os.path.join(folder, name)).st_size
    return files, total


def warm(root: Path) -> None:
    """Read all of it once, so that each side finds it in the cache."""
    for path in (root,) if root.is_file() else (path for path in root.rglob("*") if path.is_file()):
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass
