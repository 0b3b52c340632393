"""Opening the library that a command works on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.kinds import discover
from sdjobs.settings import Settings
from spacedrive_jobs import JobSystem, Library, LibraryNotFound, NotALibrary, RunnerInfo


@asynccontextmanager
async def open_library(
    settings: Settings,
    *,
    runs: Literal["all", "own", "none"] = "none",
    may_create: bool = False,
    slots: int | None = None,
) -> AsyncGenerator[Library, None]:
    """The chosen library. The default one is made by the commands that start work (`may_create`); one that was
    named must be there, because a slip of the pen would else start a second, empty library."""
    discover()
    path = settings.library
    create = may_create and not settings.library_is_named
    if path.exists() and not path.is_dir():
        raise Refusal(f"{path} is not a folder.", advice="A library is a folder; check --library and SDJOBS_LIBRARY.")
    if create:
        _make_parent(settings)
    async with Library.open(path, create=create, runs=runs, slots=slots) as library:
        yield library


def _make_parent(settings: Settings) -> None:
    parent = settings.library.parent
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(
            f"The folder {parent} for the library cannot be made: {error.strerror}.",
            advice="Choose another place with --library DIR.",
            exit_code=ExitCode.FAILED,
        ) from error


async def runner_of_all(jobs: JobSystem) -> RunnerInfo | None:
    """Another process that runs whatever this library's queue holds, if one is well."""
    for runner in await jobs.runners():
        if runner.mode == "all" and runner.state in ("alive", "silent", "no_space"):
            return runner
    return None


def runner_name(runner: RunnerInfo) -> str:
    """`pid 4242 (sdjobs worker)`."""
    return f"pid {runner.pid}" + (f" ({runner.program})" if runner.program else "")


async def make_library(settings: Settings) -> bool:
    """Make the chosen library, or what a process that was killed meanwhile has left of it; False where it is there."""
    try:
        async with open_library(settings):
            return False
    except (LibraryNotFound, NotALibrary):  # opening says the second again, where there is more than an empty file
        _make_parent(settings)
        async with Library.open(settings.library, create=True, runs="none"):
            return True
