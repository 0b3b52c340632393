"""cp and rsync, plain and durable. Each has a fresh destination: on ext4, creating right after deleting is slower."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path


def seconds(*commands: list[str]) -> float:
    """What the commands take, one after the other."""
    start = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True)
    return time.perf_counter() - start


def cp_file(source: Path, target: Path) -> float:
    return seconds(["cp", str(source), str(target)])


def cp_file_synced(source: Path, target: Path) -> float:
    return seconds(["cp", str(source), str(target)], ["sync", "-f", str(target)])


def cp_tree(source: Path, target: Path) -> float:
    return seconds(["cp", "-r", str(source), str(target)])


def cp_tree_synced(source: Path, target: Path) -> float:
    return seconds(["cp", "-r", str(source), str(target)], ["sync", "-f", str(target)])


def rsync(source: Path, target: Path) -> float:
    return seconds(["rsync", "-a", "--whole-file", str(source), str(target)])


def rsync_fsync(source: Path, target: Path) -> float:
    return seconds(["rsync", "-a", "--whole-file", "--fsync", str(source), str(target)])
