"""What lies in the library's own folder and belongs to nothing any more: sidecars, logs, spools."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from spacedrive_jobs import JobContext, JobId, JobNotFound
from spacedrive_ops.backup.lists import SPOOLS
from spacedrive_ops.cleanup.found import Found
from spacedrive_ops.cleanup.owners import Owner, Owners
from spacedrive_ops.library_index import sidecars
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.library_index.sidecars import BEFORE_ALL, SidecarKey

PAGE: Final = 500
LOG: Final = re.compile(r"([0-9a-f]{32})(?:\.old)?\.log")
SPOOL: Final = re.compile(r"([0-9a-f]{8})\..+")
THUMBNAIL: Final = re.compile(r"([0-9a-f]{64})-.+")
A_DAY_NS: Final = 86_400 * 1_000_000_000


async def orphan_sidecars(ctx: JobContext[Any], now_ns: int) -> AsyncIterator[Found]:
    """Rows of contents that are gone, rows whose file is missing, and files without a row."""
    await ensure_index(ctx.library_db)
    after = BEFORE_ALL
    while page := await sidecars.orphans(ctx.library_db, after, PAGE):
        after = page[-1].key
        for one in page:
            yield _of(ctx, one, "no indexed file holds what it was made of any more")
    after = BEFORE_ALL
    while page := await sidecars.made(ctx.library_db, after, PAGE):
        after = page[-1].key
        for one in await ctx.run_in_pool(_without_file, ctx.library.path, page):
            yield _of(ctx, one, "its file is missing; the next run makes it anew")
    async for found in _files_without_row(ctx, now_ns):
        yield found


def _of(ctx: JobContext[Any], sidecar: SidecarKey, why: str) -> Found:
    path = ctx.library.path / (sidecar.path or f"{sidecar.kind}/{sidecar.digest.hex()}-{sidecar.variant}")
    return Found(os.fsencode(path), sidecar.size or 0, why, partial(_forget, ctx, sidecar))


async def _forget(ctx: JobContext[Any], sidecar: SidecarKey) -> bool:
    """The row first: a file without one is found by the next run."""
    async with ctx.library_db.transaction() as tx:
        await sidecars.forget(tx, sidecar)
    if sidecar.path is not None:
        await ctx.run_in_pool((ctx.library.path / sidecar.path).unlink, missing_ok=True)
    return True


def _without_file(library: Path, page: list[SidecarKey]) -> list[SidecarKey]:
    return [one for one in page if one.path is not None and not os.path.lexists(library / one.path)]


async def _files_without_row(ctx: JobContext[Any], now_ns: int) -> AsyncIterator[Found]:
    """Older than a day: a newer one may be waiting for its row."""
    base = ctx.library.path / "thumbnails"
    for folder in await ctx.run_in_pool(lambda: sorted(base.glob("??/??"))):
        for name, status in await ctx.run_in_pool(_listed, folder):
            match = THUMBNAIL.fullmatch(name)
            if match is None or status.st_mtime_ns > now_ns - A_DAY_NS:
                continue
            path = folder / name
            below = str(path.relative_to(ctx.library.path))
            if not await sidecars.is_known(ctx.library_db, bytes.fromhex(match[1]), below):
                remove = partial(_unlink, ctx, path)
                yield Found(os.fsencode(path), status.st_blocks * 512, "the index knows nothing of it", remove)


async def old_logs(ctx: JobContext[Any]) -> AsyncIterator[Found]:
    """Logs of jobs that are no more."""
    folder = ctx.library.path / "logs"
    for name, status in await ctx.run_in_pool(_listed, folder):
        match = LOG.fullmatch(name)
        if match is None:
            continue
        try:
            await ctx.library.jobs.info(JobId(UUID(match[1])))
        except JobNotFound:
            path = folder / name
            remove = partial(_unlink, ctx, path)
            yield Found(os.fsencode(path), status.st_blocks * 512, "log of a job that is no more", remove)


async def stale_spools(ctx: JobContext[Any], owners: Owners) -> AsyncIterator[Found]:
    """Lists and copies that a backup or a restore had made for itself."""
    folder = ctx.library.path / SPOOLS
    for name, status in await ctx.run_in_pool(_listed, folder):
        match = SPOOL.fullmatch(name)
        if match is not None and await owners.of(match[1]) is not Owner.ALIVE:
            path = folder / name
            size = await ctx.run_in_pool(_size_of, path) or status.st_blocks * 512
            yield Found(os.fsencode(path), size, "left by a backup that has ended", partial(_unlink, ctx, path))


def _listed(folder: Path) -> list[tuple[str, os.stat_result]]:
    found: list[tuple[str, os.stat_result]] = []
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    for name in names:
        try:
            found.append((name, os.lstat(folder / name)))
        except OSError:
            continue
    return found


def _size_of(path: Path) -> int:
    return sum(status.st_blocks * 512 for _, status in _listed(path))


async def _unlink(ctx: JobContext[Any], path: Path) -> bool:
    await ctx.run_in_pool(_remove, path)
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
