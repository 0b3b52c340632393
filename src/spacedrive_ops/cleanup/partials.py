"""Partial files whose job is gone, below the folders that jobs have written to."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from spacedrive_jobs import JobContext
from spacedrive_ops.cleanup.found import Found
from spacedrive_ops.cleanup.owners import Owner, Owners
from spacedrive_ops.folders import NOT_OPEN, identity, open_path
from spacedrive_ops.whole_files.partial import PARTIAL, discard, lock

SHORT: Final = re.compile(rb"\.sd-([0-9a-f]{8})-")
SOME: Final = 200
OPEN: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


async def stale_partials(
    ctx: JobContext[Any], folders: list[Path], owners: Owners, unknown_before_ns: int
) -> AsyncIterator[Found]:
    """`unknown_before_ns`: one of a job that this library does not know goes only if it was last written before."""
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        walk = partials_below(os.fsencode(folder), seen)
        while batch := await ctx.run_in_pool(_some, walk):
            for path, status in batch:
                if status is None:
                    await ctx.check_interrupt()
                    continue
                match = SHORT.match(os.path.basename(path))
                assert match is not None
                owner = await owners.of(match[1].decode())
                if owner is Owner.ENDED or (owner is Owner.UNKNOWN and status.st_mtime_ns < unknown_before_ns):
                    why = "unfinished file of a job that has ended"
                    yield Found(path, status.st_blocks * 512, why, partial(_remove, ctx, path))


def _some(walk: Iterator[tuple[bytes, os.stat_result | None]]) -> list[tuple[bytes, os.stat_result | None]]:
    return list(islice(walk, SOME))


async def _remove(ctx: JobContext[Any], path: bytes) -> bool:
    return await ctx.run_in_pool(_removed, path)


def partials_below(folder: bytes, seen: set[tuple[int, int]]) -> Iterator[tuple[bytes, os.stat_result | None]]:
    """Each partial with its status, at any depth; None for each folder in between, so that a caller can stop. Links are
    not followed, what cannot be read is left out, and no folder is read twice."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        yield path, None
        opened = _opened(path)
        if opened == NOT_OPEN:
            continue
        try:
            if identity(os.fstat(opened)) in seen:
                continue
            seen.add(identity(os.fstat(opened)))
            for name in sorted(map(os.fsencode, os.listdir(opened))):
                try:
                    status = os.stat(name, dir_fd=opened, follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(os.path.join(path, name))
                elif PARTIAL.fullmatch(name) and (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                    yield os.path.join(path, name), status
        except OSError:
            continue
        finally:
            os.close(opened)


def _opened(path: bytes) -> int:
    try:
        return open_path(path)
    except OSError:
        return NOT_OPEN


def _removed(path: bytes) -> bool:
    """Only with the lock that its writer holds; the name is removed where it was found."""
    folder, name = os.path.split(path)
    above = open_path(folder)
    try:
        try:
            fd = os.open(name, OPEN, dir_fd=above)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            os.unlink(name, dir_fd=above)  # a link that was to get its name
            return True
        try:
            if not lock(fd):
                return False
            discard(above, os.fsdecode(name))
            return True
        finally:
            os.close(fd)
    finally:
        os.close(above)
