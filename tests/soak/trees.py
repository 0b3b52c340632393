"""Plain trees for storms, and whether two of them are equal."""

from __future__ import annotations

import filecmp
import os
import random
from pathlib import Path


def make_tree(root: Path, *, files: int, size: int, seed: int = 5) -> None:
    """`files` files of up to `size` bytes, forty to a folder."""
    dice = random.Random(seed)
    block = dice.randbytes(2 * size)
    for number in range(files):
        folder = root / f"folder-{number // 40:05}"
        if number % 40 == 0:
            folder.mkdir(parents=True)
        start = dice.randrange(size)
        (folder / f"file-{number:07}").write_bytes(block[start : start + dice.randrange(1, size)])


def count_differences(left: Path, right: Path) -> int:
    """Files and folders that one side lacks or that differ in content, mode or modification time."""
    if left.is_file():
        return 0 if right.is_file() and filecmp.cmp(left, right, shallow=False) else 1
    differences = 0
    for parent, folders, files in os.walk(left):
        other = right / os.path.relpath(parent, left)
        if not other.is_dir() or sorted(os.listdir(other)) != sorted([*folders, *files]):
            differences += 1
            continue
        for name in files:
            mine, its = Path(parent, name), other / name
            one, two = mine.stat(), its.stat()
            same = (one.st_size, one.st_mtime_ns, one.st_mode) == (two.st_size, two.st_mtime_ns, two.st_mode)
            if not same or mine.read_bytes() != its.read_bytes():
                differences += 1
    return differences
