"""Looking at a library's databases without opening the library: read-only, and whatever state they are in."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import apsw

from spacedrive_jobs._model.health import DatabaseHealth
from spacedrive_jobs._store import identity, migrate, reads, rescue
from spacedrive_jobs._store.connection import connect_to_read
from spacedrive_jobs._store.emptied import was_lost
from spacedrive_jobs._store.library_file import LIBRARY_DATABASE
from spacedrive_jobs._store.library_file import SCHEMA as LIBRARY_SCHEMA
from spacedrive_jobs._store.sql import query

JOBS_DATABASE: Final = "jobs.db"
PROBLEMS: Final = 20
"""How many that SQLite finds are told."""
SAYS_NOTHING: Final = (
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.PermissionsError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.IOError,
    apsw.FullError,
    apsw.NoMemError,
)
"""What keeps SQLite from looking, whatever state the file is in: nobody must give it up for that."""


@dataclass(slots=True)
class JobsFacts:
    """What `jobs.db` says, as far as it can be read."""

    runners: list[rescue.RunnerRow] = field(default_factory=list[rescue.RunnerRow])
    claims: dict[str, int] = field(default_factory=dict[str, int])
    paused: dict[str | None, str] = field(default_factory=dict[str | None, str])
    is_copy: bool = False
    load: list[tuple[str, int, str, int, int]] = field(default_factory=list[tuple[str, int, str, int, int]])
    newest: int | None = None
    unknown_logs: list[Path] = field(default_factory=list[Path])


def examine_jobs(folder: Path, logs: dict[bytes, list[Path]]) -> tuple[DatabaseHealth, JobsFacts]:
    """`logs`: the log files that are there, by the job that they are named after. Blocking, for a while if it is
    large."""
    path = folder / JOBS_DATABASE
    facts = JobsFacts()

    def read(connection: apsw.Connection) -> None:
        version = migrate.schema_version(connection)
        if 0 < version <= migrate.known_version():
            _read(connection, path, facts, logs)

    return _examine(path, migrate.schema_version, migrate.known_version(), read), facts


def examine_library_db(folder: Path) -> DatabaseHealth:
    """Blocking, for a while if it is large."""
    return _examine(folder / LIBRARY_DATABASE, _library_version, LIBRARY_SCHEMA, lambda _: None)


def _examine(
    path: Path, version_of: Callable[[apsw.Connection], int], known: int, read: Callable[[apsw.Connection], None]
) -> DatabaseHealth:
    if not path.exists():
        return DatabaseHealth(path.name, False, None, known)
    if path.name == JOBS_DATABASE and was_lost(path, create=False):
        return DatabaseHealth(path.name, True, None, known, ("it is empty, and what was in it is lost",))
    version: int | None = None
    problems: tuple[str, ...] = ()
    try:
        with _reading(path) as connection:
            version = version_of(connection)
            checked = connection.execute(f"PRAGMA quick_check({PROBLEMS})").fetchall()
            problems = tuple(str(line) for (line,) in checked if line != "ok")
            read(connection)
    except SAYS_NOTHING as error:
        return DatabaseHealth(path.name, True, version, known, problems, unseen=str(error))
    except apsw.Error as error:
        problems = (str(error),)
    return DatabaseHealth(path.name, True, version, known, problems)


@contextmanager
def _reading(path: Path) -> Generator[apsw.Connection]:
    """One snapshot."""
    connection = connect_to_read(path)
    try:
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def _library_version(connection: apsw.Connection) -> int:
    for (version,) in connection.execute(query("library_version")):
        return int(str(version))
    return 0


def _read(connection: apsw.Connection, path: Path, facts: JobsFacts, logs: dict[bytes, list[Path]]) -> None:
    facts.runners = rescue.read_runners(connection)
    facts.claims = {
        bytes(runner).hex(): int(str(count)) for runner, count in connection.execute(query("claims_by_runner"))
    }
    facts.paused = reads.paused_queues(connection)
    facts.is_copy = facts.paused.get(None, "").endswith(identity.REASON)
    for (inode,) in connection.execute(query("read_inode")):
        facts.is_copy |= inode is not None and inode != path.stat().st_ino
    facts.load = reads.load(connection)
    for (newest,) in connection.execute(query("newest_time")):
        facts.newest = newest
    for job, files in logs.items():
        ((stored,),) = connection.execute(query("is_stored"), (job,)).fetchall()
        if not stored:
            facts.unknown_logs += files
