"""The ladder of schemas: each step in one transaction with its own number."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import LibraryInUse, LibraryTooNew
from spacedrive_jobs._store.sql import migrations, query
from spacedrive_jobs._store.tally import bucket_in_sql, metric_in_sql

APPLICATION_ID: Final = 0x53444A42  # "SDJB": lets `file` and doctor tell the database apart


def schema_version(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def known_version() -> int:
    return migrations()[-1][0]


def migrate(connection: apsw.Connection, path: Path, now_ms: int, holders: Callable[[], tuple[str, ...]]) -> None:
    """Bring the schema up to `known_version`.

    `holders` names the other processes that have the library open: a migration needs them gone. Raises LibraryTooNew
    (the file is left as it was) and LibraryInUse.
    """
    found = schema_version(connection)
    if found > known_version():
        raise LibraryTooNew(path, found, known_version())
    if found == known_version():
        return
    connection.create_scalar_function("bucket", bucket_in_sql, 1)
    connection.create_scalar_function("metric", metric_in_sql, 2)
    connection.execute("BEGIN IMMEDIATE")  # another process may be climbing the same ladder
    try:
        found = schema_version(connection)
        if found not in (0, known_version()) and (others := holders()):
            raise LibraryInUse(path, others)
        for number, script in migrations():
            if number > found:
                connection.execute(script)
                failpoint.hit("migrate.step")
                connection.pragma("user_version", number)
        if found == 0:
            connection.pragma("application_id", APPLICATION_ID)
            connection.execute(query("create_library"), (os.urandom(16), now_ms))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
