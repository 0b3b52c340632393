"""A class job with a progress and a state of its own, watched while it runs: `python examples/indexer.py FOLDER`."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import assert_never

from spacedrive_jobs import (
    Cancelled,
    Completed,
    Failed,
    Indeterminate,
    JobContext,
    JobSystem,
    Library,
    Priority,
    ProgressChanged,
    ProgressData,
    StatusChanged,
    job,
)


class IndexPhase(Enum):
    WALKING = "walking"
    TOTALLING = "totalling"


class IndexerProgress(ProgressData):
    phase: IndexPhase
    current_path: str
    files_found: int
    folders_left: int


@dataclass
class IndexerState:
    """Small enough here; a job over a whole disk would keep a cursor and put the folders into rows."""

    folders: list[Path]
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    files: int = 0


@dataclass(frozen=True)
class Indexed:
    files: int
    largest_kind: str


@job(name="example.indexer", version=2, upgrades={1: lambda old: {"root": old["path"]}})
class Indexer:
    """Count the files below a folder and find the kind that takes most space."""

    root: Path

    async def run(self, ctx: JobContext[IndexerState]) -> Indexed:
        ctx.progress(Indeterminate("Looking at folders"))
        state = await ctx.load_state(default=IndexerState(folders=[self.root]))
        while state.folders:
            folder = state.folders.pop()
            await self.scan(ctx, folder, state)
            ctx.progress(
                IndexerProgress(
                    phase=IndexPhase.WALKING if state.folders else IndexPhase.TOTALLING,
                    current_path=str(folder),
                    files_found=state.files,
                    folders_left=len(state.folders),
                )
            )
            await ctx.checkpoint(state)
        return Indexed(state.files, max(state.sizes, key=state.sizes.__getitem__, default=""))

    async def scan(self, ctx: JobContext[IndexerState], folder: Path, state: IndexerState) -> None:
        try:
            folders, sizes = await ctx.run_in_pool(look_into, folder)
        except OSError as error:
            ctx.item(folder, "error", reason=str(error))
            return
        state.folders += folders
        state.files += len(sizes)
        for kind, size in sizes:
            state.sizes[kind] = state.sizes.get(kind, 0) + size

    async def on_pause(self, ctx: JobContext[IndexerState]) -> None:
        ctx.log("paused")


def look_into(folder: Path) -> tuple[list[Path], list[tuple[str, int]]]:
    """The folders in a folder, and the kind and size of each of its files."""
    with os.scandir(folder) as scanned:
        entries = list(scanned)
    folders = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    files = [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
    return folders, [(Path(entry.name).suffix, entry.stat(follow_symlinks=False).st_size) for entry in files]


async def watch(jobs: JobSystem, root: Path) -> None:
    handle = await jobs.dispatch(Indexer(root=root), priority=Priority.HIGH)
    async for update in handle.subscribe():
        match update:
            case ProgressChanged(IndexerProgress(phase=phase, files_found=found)):
                print(phase.value, found)
            case ProgressChanged() | StatusChanged():
                pass
            case Completed(output):
                print(f"{output.files} files; {output.largest_kind or 'none'} take most space")
            case Failed(error):
                print(error)
            case Cancelled(reason):
                print(reason)
            case _:
                assert_never(update)


async def main(root: Path) -> None:
    async with Library.open("examples.sdlibrary", create=True) as library:
        await watch(library.jobs, root.absolute())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
