"""Trees with duplicates, and what acting on them came to."""

from __future__ import annotations

import os
from pathlib import Path

from spacedrive_jobs import Library
from spacedrive_ops import DeduplicateJob, DeduplicateOutput, IndexerJob

BODY = os.urandom(200_000)
OTHER = BODY[:100_000] + b"\0\1\2" + BODY[100_003:]


async def index(library: Library, root: Path) -> None:
    await (await library.jobs.dispatch(IndexerJob(root=root, mode="content"))).wait(timeout=30)


async def deduplicate(library: Library, job: DeduplicateJob) -> tuple[DeduplicateOutput, dict[str, str]]:
    """The output, and the reason of each item that is not ok, by its name."""
    handle = await library.jobs.dispatch(job)
    output = await handle.wait(timeout=30)
    rows = (await library.jobs.items(handle.id)).rows
    return output, {Path(row.item).name: row.reason for row in rows if row.outcome != "ok"}


def write(path: Path, data: bytes, time: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time, time))
    return path


def edit_unseen(path: Path) -> None:
    """Other bytes; size, inode and time stay."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(100_000)
        file.write(b"\0\1\2")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def planted(folder: Path) -> Path:
    """Four files of the same bytes, and one of another middle."""
    root = folder / "tree"
    for number, name in enumerate(["b/middle", "a/longest of all", "c/d", "a/e"]):
        write(root / name, BODY, 1_000 + number)
    write(root / "near", OTHER, 1_000)
    return root


def holding(root: Path, data: bytes) -> list[str]:
    return sorted(
        str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.read_bytes() == data
    )
