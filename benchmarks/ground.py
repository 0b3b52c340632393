"""Temporary folders on a real disk, and the facts of the machine that belong beside any figure."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Final

MEMORY_FILE_SYSTEMS: Final = {0x01021994: "tmpfs", 0x858458F6: "ramfs"}
FILE_SYSTEMS: Final = {0xEF53: "ext4", 0x58465342: "xfs", 0x9123683E: "btrfs", 0x794C7630: "overlayfs"}
DISTRIBUTIONS: Final = ("apsw", "msgspec", "huey", "persist-queue", "litequeue", "pgqueuer", "asyncpg")


def file_system_magic(path: Path) -> int:
    """The `f_type` of statfs: Python's own statvfs leaves it out."""
    libc = ctypes.CDLL(None, use_errno=True)
    answer = (ctypes.c_long * 32)()
    if libc.statfs(os.fsencode(path), answer) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    return answer[0] & 0xFFFFFFFF


def real_disk(candidates: tuple[str, ...] = (tempfile.gettempdir(), "/var/tmp", ".")) -> Path:
    """The first candidate that is not in memory: an fsync there would cost nothing."""
    for candidate in candidates:
        path = Path(candidate).resolve()
        if path.is_dir() and file_system_magic(path) not in MEMORY_FILE_SYSTEMS:
            return path
    raise SystemExit("benchmarks need a folder on a real disk: give one with --folder")


@contextmanager
def temporary_folder(base: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sdjobs-bench-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def machine_facts(base: Path) -> dict[str, object]:
    """What a reader needs to judge the figures; names no host and no path."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "processor": processor(),
        "kernel": platform.release(),
        "file_system": FILE_SYSTEMS.get(file_system_magic(base), hex(file_system_magic(base))),
        "python": platform.python_version(),
        "sqlite": apsw_sqlite(),
        "stdlib_sqlite": sqlite3.sqlite_version,
        "load": round(os.getloadavg()[0], 2),
        "distributions": {name: version for name in DISTRIBUTIONS if (version := version_of(name))},
        "tools": {name: first_line(name) for name in ("cp", "rsync", "postgres") if first_line(name)},
    }


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def apsw_sqlite() -> str:
    import apsw

    return apsw.sqlite_lib_version()


def version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def first_line(program: str) -> str:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return " ".join(answer.stdout.splitlines()[0].split())
