"""A move that is killed while it removes sources, and once more while it takes up where it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mounts import Mounts

ROOT = Path(__file__).parents[2]
FOLDER_TIME = 1_234_567_890_000_000_011
FOLDERS = (127, 90, 200)
"""Files in each: the first is two batches with itself, the third batch then ends in the third folder."""
FIRST, SECOND = 138, 5
"""Removals before each kill. The first leaves the middle folder with a few files less; the second attempt takes that
up in a smaller batch, which ends in that folder, though everything in it was copied long ago."""


def move(disk: Path, destination: Path, *, kill_at: str = "") -> int:
    child = [sys.executable, "-m", "tests.soak.copy_child", str(disk / "library"), "move", str(disk / "source")]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": kill_at}
    (disk / "steps").write_bytes(b"\0")
    done = subprocess.run(
        [*child, str(destination), str(disk / "steps")], check=False, capture_output=True, cwd=ROOT, env=environment
    )
    return done.returncode


@pytest.mark.needs("mount", "ext4")
@pytest.mark.timeout(60)
def test_folders_keep_their_times_and_every_file_arrives_once(disk_path: Path, mounts: Mounts) -> None:
    destination = mounts.disk("ext4").path
    source = disk_path / "source"
    for number, files in enumerate(FOLDERS):
        folder = source / f"folder-{number}"
        folder.mkdir(parents=True)
        for name in range(files):
            (folder / f"{name:04}").write_text(f"{number} {name}")
        os.utime(folder, ns=(FOLDER_TIME, FOLDER_TIME))
    os.utime(source, ns=(FOLDER_TIME, FOLDER_TIME))
    assert move(disk_path, destination, kill_at=f"copy.unlink=kill@{FIRST}") == -9
    assert move(disk_path, destination, kill_at=f"copy.unlink=kill@{SECOND}") == -9
    assert move(disk_path, destination) == 0
    moved = sorted((destination / "source").iterdir())
    assert tuple(len(list(folder.iterdir())) for folder in moved) == FOLDERS
    assert [folder.stat().st_mtime_ns for folder in (*moved, destination / "source")] == [FOLDER_TIME] * 4
    assert not source.exists()
