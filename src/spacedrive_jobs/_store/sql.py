"""The statements, one a file, all of them read with the first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources


def query(name: str) -> str:
    """The statement in `queries/<name>.sql`, without its comment (SQLite would parse it at each preparation)."""
    return _queries()[name]


@cache
def _queries() -> Mapping[str, str]:
    """Read at once: a library that is open needs no file descriptor for the statement that it asks first in an hour."""
    folder = resources.files("spacedrive_jobs._store") / "queries"
    return {
        file.name.removesuffix(".sql"): _without_comment(file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }


def _without_comment(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """(version, script) in order, from `migrations/NNNN_name.sql`."""
    folder = resources.files("spacedrive_jobs._store") / "migrations"
    found = [(int(file.name[:4]), file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".sql")]
    return tuple(sorted(found))
