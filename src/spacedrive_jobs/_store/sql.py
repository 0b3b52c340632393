"""The statements, one a file, read once."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def query(name: str) -> str:
    """The statement in `queries/<name>.sql`, without its comment (SQLite would parse it at each preparation)."""
    text = (resources.files("spacedrive_jobs._store") / "queries" / f"{name}.sql").read_text("utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """(version, script) in order, from `migrations/NNNN_name.sql`."""
    folder = resources.files("spacedrive_jobs._store") / "migrations"
    found = [(int(file.name[:4]), file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".sql")]
    return tuple(sorted(found))
