"""What an examination of a library found, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, final

from spacedrive_jobs._model.record import KindLoad, RunnerInfo


@final
@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """One database file. `version` is that of its schema, None where it could not be read; `problems`: what SQLite says
    of it, empty where it is whole. `unseen`: what kept SQLite from looking at all of it, which says nothing of what is
    in it; empty where it was looked at."""

    name: str
    present: bool
    version: int | None
    known_version: int
    problems: tuple[str, ...] = ()
    unseen: str = ""

    @property
    def is_newer(self) -> bool:
        """It was made by a newer version of this package."""
        return self.version is not None and self.version > self.known_version


@final
@dataclass(frozen=True, slots=True)
class Leftover:
    """A file or a folder that belongs to nothing any more.

    `log`: of a job that is not stored; `ephemeral`: of a process that died with ephemeral jobs; `lock`: of a process
    that died while it started or ended.
    """

    path: Path
    what: Literal["log", "ephemeral", "lock"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryHealth:
    """All that an examination looks at. Nothing of it is judged here.

    `file_system`: why a library cannot live there, empty where it can. `runners`: the processes that have it open, dead
    ones among them; `claims`: how many running jobs each holds, by the id's hex digits, also of runners that are not
    listed any more. `is_copy`: it was copied or restored, and nobody has yet said that its jobs are to run. `behind`:
    how far the clock is behind the newest thing that the library remembers.
    """

    path: Path
    examined_at: datetime
    file_system: str = ""
    free_bytes: int
    mode: int
    unusable: tuple[Path, ...] = ()
    """Files and folders of it that this user may not read and write."""
    is_read_only: bool = False
    """Its disk is mounted read-only: nobody may write there."""
    databases: tuple[DatabaseHealth, ...] = ()
    runners: tuple[RunnerInfo, ...] = ()
    claims: Mapping[str, int]
    paused: Mapping[str | None, str]
    is_copy: bool = False
    load: tuple[KindLoad, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    behind: timedelta = timedelta(0)

    @property
    def stuck_claims(self) -> int:
        """Running jobs whose process is dead or unknown."""
        alive = {runner.id.hex() for runner in self.runners if runner.state != "dead"}
        return sum(count for runner, count in self.claims.items() if runner not in alive)
