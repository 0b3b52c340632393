"""The kinds of jobs that this process knows: those of the installed packages and of the modules given by --import."""

from __future__ import annotations

import asyncio
import tempfile
import warnings
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from spacedrive_jobs import KindInfo, Library

ENTRY_POINTS = "spacedrive_jobs.jobs"


@cache
def discover() -> None:
    """Load the jobs that installed packages offer. One that cannot be loaded is a warning, never an error."""
    for entry_point in entry_points(group=ENTRY_POINTS):
        try:
            entry_point.load()
        except (Exception, SystemExit) as error:
            warnings.warn(f"the jobs of {entry_point.value!r} are not available: {error}", RuntimeWarning, stacklevel=2)


def known_kinds() -> list[KindInfo]:
    """All kinds, by name. What a process knows has nothing to do with a library, so none of the user's is opened."""
    return asyncio.run(_read_kinds())


async def _read_kinds() -> list[KindInfo]:
    with tempfile.TemporaryDirectory(prefix="sdjobs-") as folder:
        async with Library.open(Path(folder) / "kinds", create=True, runs="none") as library:
            return sorted(await library.jobs.kinds(), key=lambda kind: kind.kind)


def find_kind(name: str, kinds: list[KindInfo]) -> KindInfo | None:
    """By its name or a former one."""
    return next((kind for kind in kinds if name == kind.kind or name in kind.aliases), None)


def kind_json(kind: KindInfo) -> dict[str, object]:
    return {
        "kind": kind.kind,
        "version": kind.version,
        "description": kind.description,
        "aliases": list(kind.aliases),
        "source": kind.source,
        "schema": kind.schema,
    }
