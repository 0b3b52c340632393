"""The statements, one a file, all of them read with the first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources


def query(name: str) -> str:
    """The statement in `queries/<name>.sql`, without its comments (SQLite would parse them at each preparation)."""
    return _queries()[name]


@cache
def _queries() -> Mapping[str, str]:
    """Read at once: a server that has no file descriptor left for a while must not miss a statement then."""
    folder = resources.files("spacedrive_ops.library_index") / "queries"
    return {
        file.name.removesuffix(".sql"): _without_comments(file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()


@cache
def statements(name: str) -> tuple[str, ...]:
    """The statements of a file that holds several."""
    return tuple(one.strip() for one in query(name).split(";\n") if one.strip().rstrip(";"))
