"""The statements, one a file, read once."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def query(name: str) -> str:
    """The statement in `queries/<name>.sql`, without its comments (SQLite would parse them at each preparation)."""
    text = (resources.files("spacedrive_ops.library_index") / "queries" / f"{name}.sql").read_text("utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()


@cache
def statements(name: str) -> tuple[str, ...]:
    """The statements of a file that holds several."""
    return tuple(one.strip() for one in query(name).split(";\n") if one.strip().rstrip(";"))
