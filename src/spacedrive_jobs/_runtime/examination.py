"""Examining a library from outside: what is wrong with it, whatever keeps it from being opened; and tidying it up."""

from __future__ import annotations

import os
import shutil
import stat
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import Final

from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.clock import Clock, SystemClock, to_datetime
from spacedrive_jobs._model.errors import LibraryNotFound, UnsupportedFileSystem
from spacedrive_jobs._model.health import Leftover, LibraryHealth
from spacedrive_jobs._runtime import ephemeral, presence
from spacedrive_jobs._runtime.views import kind_loads, runner_info
from spacedrive_jobs._store.examine import JOBS_DATABASE, examine_jobs, examine_library_db
from spacedrive_jobs._store.filesystem import refuse_network
from spacedrive_jobs._store.rights import unusable

YOUNG: Final = 60.0
"""Seconds in which a lock without its process may be one that is just being made or removed."""


def examine(path: str | PathLike[str], *, clock: Clock | None = None) -> LibraryHealth:
    """Look at a library without opening it: nothing is changed, and nothing that is wrong with it raises.

    Blocking: it reads the whole of both databases. Raises LibraryNotFound, OSError (the folder cannot be looked into).
    """
    folder = Path(os.path.abspath(path))
    clock = clock or SystemClock()
    if not (folder / JOBS_DATABASE).exists():
        raise LibraryNotFound(folder)
    registry.discover()
    now = clock.now_ms()
    space = os.statvfs(folder)
    logs = _logs(folder / "logs")
    jobs, facts = examine_jobs(folder, logs)
    leftovers = [Leftover(log, "log") for log in facts.unknown_logs]
    leftovers += _dead_folders(folder / "run")
    leftovers += _dead_locks(folder / "run", now / 1000)
    return LibraryHealth(
        path=folder,
        examined_at=to_datetime(now),
        file_system=_file_system(folder),
        free_bytes=space.f_bavail * space.f_frsize,
        mode=stat.S_IMODE(folder.stat().st_mode),
        unusable=tuple(unusable(folder)),
        is_read_only=bool(space.f_flag & os.ST_RDONLY),
        databases=(jobs, examine_library_db(folder)),
        runners=tuple(runner_info(row, folder / "run") for row in facts.runners),
        claims=facts.claims,
        paused=facts.paused,
        is_copy=facts.is_copy,
        load=tuple(kind_loads(facts.load, registry)),
        leftovers=tuple(leftovers),
        behind=timedelta(milliseconds=max(0, (facts.newest or 0) - now)),
    )


def tidy(path: str | PathLike[str], *, clock: Clock | None = None) -> tuple[Leftover, ...]:
    """Remove what belongs to nothing any more, and say what it was. Safe while others have the library open.

    Blocking. Raises LibraryNotFound, OSError.
    """
    found = examine(path, clock=clock).leftovers
    for one in found:
        if one.what == "ephemeral":
            shutil.rmtree(one.path)
        else:
            one.path.unlink(missing_ok=True)
    return found


def _file_system(folder: Path) -> str:
    try:
        refuse_network(folder)
    except UnsupportedFileSystem as error:
        return error.file_system
    return ""


def _logs(folder: Path) -> dict[bytes, list[Path]]:
    """Log files by the job that they are named after; others are somebody else's."""
    found: dict[bytes, list[Path]] = defaultdict(list)
    for path in _entries(folder):
        digits = path.name.removesuffix(".log").removesuffix(".old")
        if path.name.endswith(".log") and len(digits) == 32 and not set(digits) - set("0123456789abcdef"):
            found[bytes.fromhex(digits)].append(path)
    return found


def _dead_folders(run_folder: Path) -> Iterator[Leftover]:
    for path in _entries(run_folder):
        if path.name.endswith(ephemeral.SUFFIX) and not ephemeral.lives(path):
            yield Leftover(path, "ephemeral")


def _dead_locks(run_folder: Path, now: float) -> Iterator[Leftover]:
    """Of attempts and of processes that died between two steps; those of dead runners are the next opening's."""
    for path in _entries(run_folder):
        lock = path.with_suffix(presence.RUNNER_SUFFIX) if path.suffix == ".bell" else path
        if path.suffix not in (".bell", ".new", presence.ATTEMPT_SUFFIX) or now - path.lstat().st_mtime < YOUNG:
            continue
        if path.suffix == ".bell" and lock.exists():
            continue  # it goes with its runner's file, by whoever gives back what that runner held
        if not presence.is_held(lock):
            yield Leftover(path, "lock")


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
