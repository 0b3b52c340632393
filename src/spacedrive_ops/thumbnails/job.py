"""ThumbnailJob."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypeAlias

from spacedrive_jobs import Count, GenericProgress, JobContext, JobError, job
from spacedrive_jobs.tasks import ChildDied, ChildPool, ChildRaised, bounded_map
from spacedrive_ops.content.digest import Unreadable, digest_of
from spacedrive_ops.extras import MissingExtra
from spacedrive_ops.library_index import sidecars
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.library_index.sidecars import Sidecar
from spacedrive_ops.retries import failed_before
from spacedrive_ops.sources import Entry, Place, path_in, place_of, walk
from spacedrive_ops.thumbnails.places import thumbnail_path
from spacedrive_ops.thumbnails.render import render

Redo: TypeAlias = Literal["missing", "failed", "all"]
"""Which pictures are done: those never tried, those that failed before, or all."""

KIND: Final = "thumbnail"
ENDINGS: Final = frozenset(
    ending.encode()
    for ending in "jpg jpeg jpe jfif png apng gif webp tif tiff bmp dib heic heif avif ico".split()  # noqa: SIM905
)
CORES: Final = os.cpu_count() or 1
AT_ONCE: Final = 2 * CORES
MIB: Final = 1 << 20


@dataclass(slots=True)
class ThumbnailState:
    """`root` (the number of a path that was given; below zero: none yet) and `path` (below it): where the picture is
    that was done last."""

    root: int = -1
    path: bytes = b""
    made: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class ThumbnailOutput:
    """Pictures by what became of them. `skipped`: those that had theirs already, or were not meant."""

    made: int
    skipped: int
    failed: int


@dataclass(frozen=True, slots=True)
class _Done:
    """One file. `reason`: why it has none; None where nothing had to be done."""

    entry: Entry
    rows: tuple[Sidecar, ...]
    reason: str | None


@job(name="thumbnails", description="Make thumbnails of pictures", checkpoint_interval=timedelta(seconds=0.5))
class ThumbnailJob:
    """Make thumbnails (WebP, at most so many pixels a side) of the pictures among `paths`, files or folders.

    They lie in the library by what a picture holds, so one that was copied or moved needs none anew. JPEG, PNG, GIF,
    WebP, TIFF, BMP, HEIC and AVIF; turned upright and in sRGB. Each is decoded in a process of its own that is killed
    after `seconds`, and may use `memory` bytes; of more than `megapixels` none is begun. A picture that cannot be
    decoded is an item with its reason, and the others go on.
    """

    paths: tuple[Path, ...]
    sizes: tuple[int, ...] = (256, 1024)
    redo: Redo = "missing"
    seconds: float = 20.0
    megapixels: int = 300
    memory: int = 2048 * MIB

    async def run(self, ctx: JobContext[ThumbnailState]) -> ThumbnailOutput:
        if not self.sizes or any(not 16 <= size <= 4096 for size in self.sizes):
            raise JobError(f"sizes={self.sizes!r}: thumbnails are 16 to 4,096 pixels a side")
        if importlib.util.find_spec("PIL") is None or importlib.util.find_spec("pi_heif") is None:
            raise MissingExtra("making thumbnails", "media,files")
        await ensure_index(ctx.library_db)
        async with ChildPool(limit=CORES, preload=["spacedrive_ops.thumbnails.render"]) as pool:
            return await _Run(self, ctx, pool).to_the_end()


class _Run:
    def __init__(self, job: ThumbnailJob, ctx: JobContext[ThumbnailState], pool: ChildPool) -> None:
        self._job, self._ctx, self._pool = job, ctx, pool
        self._library = ctx.library.path
        self._redo: Redo = job.redo
        self._pending: list[Sidecar] = []

    async def to_the_end(self) -> ThumbnailOutput:
        ctx, job = self._ctx, self._job
        state = await ctx.load_state(default=ThumbnailState())
        paths = [os.fsencode(path) for path in job.paths]
        if failed := await failed_before(ctx):
            paths, self._redo = sorted(failed), "failed"
        total = await ctx.run_in_pool(lambda: sum(1 for _ in pictures(paths, self._library)))
        left = pictures(paths, self._library, place_of(state.root, state.path))
        while batch := await ctx.run_in_pool(lambda: list(islice(left, AT_ONCE))):
            for done in await bounded_map(self._one, batch, limit=CORES):
                self._count(state, done)
            await self._store(state)
            finished = state.made + state.skipped + state.failed
            ctx.progress(
                GenericProgress(
                    phase="thumbnails",
                    phases=(("thumbnails", 1.0),),
                    current_path=Path(os.fsdecode(batch[-1].path)),
                    items=Count(finished, max(total, finished)),
                    skipped_items=state.skipped,
                )
            )
            await ctx.check_interrupt()
        return ThumbnailOutput(state.made, state.skipped, state.failed)

    async def _one(self, entry: Entry) -> _Done:
        path = entry.path
        if entry.problem:
            return _Done(entry, (), entry.problem)
        try:
            digest = (await self._ctx.run_in_pool(digest_of, path)).digest
        except Unreadable as error:
            return _Done(entry, (), str(error))
        known = await sidecars.read(self._ctx.library_db, digest, KIND)
        sizes = [size for size in self._job.sizes if self._is_wanted(known.get(str(size)))]
        if not sizes:
            return _Done(entry, (), None)
        targets = [(size, thumbnail_path(self._library, digest, size)) for size in sizes]
        await self._ctx.run_in_pool(targets[0][1].parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        reason = await self._decode(path, [(size, os.fsencode(target)) for size, target in targets])
        return _Done(entry, await self._ctx.run_in_pool(_rows, digest, targets, self._library, reason), reason)

    def _is_wanted(self, state: str | None) -> bool:
        match self._redo:
            case "missing":
                return state is None
            case "failed":
                return state == "failed"
            case "all":
                return True

    async def _decode(self, path: bytes, targets: list[tuple[int, bytes]]) -> str:
        job = self._job
        child = await self._pool.acquire()
        try:
            await child.ready()  # to start is not to decode
            async with asyncio.timeout(job.seconds):
                return await child.run(render, path, targets, job.megapixels, job.memory)
        except TimeoutError:
            return f"took longer than {job.seconds:g} s to decode"
        except ChildDied:
            return "makes its decoder crash"
        except (ChildRaised, OSError) as error:
            return f"cannot be decoded: {error}".partition("\n")[0]
        finally:
            self._pool.release(child)

    def _count(self, state: ThumbnailState, done: _Done) -> None:
        self._pending += done.rows
        self._ctx.increment_items()
        path, state.root, state.path = done.entry.path, done.entry.place[0], path_in(done.entry.place)
        if done.reason is None:
            state.skipped += 1
        elif done.reason:
            state.failed += 1
            self._ctx.item(path, "error", done.reason)
        else:
            state.made += 1
            self._ctx.item(path)

    async def _store(self, state: ThumbnailState) -> None:
        rows, self._pending = self._pending, []
        async with self._ctx.library_db.transaction() as tx:
            await sidecars.store(tx, rows)
            await self._ctx.checkpoint(state, tx=tx)


def _rows(digest: bytes, targets: list[tuple[int, Path]], library: Path, reason: str) -> tuple[Sidecar, ...]:
    rows: list[Sidecar] = []
    for size, target in targets:
        if reason:
            rows.append(Sidecar(digest, KIND, str(size), "failed", None, None, reason, 0))
            continue
        status = target.stat()
        where = str(target.relative_to(library))
        made = status.st_mtime_ns // 1_000_000
        rows.append(Sidecar(digest, KIND, str(size), "made", where, status.st_size, "", made))
    return tuple(rows)


def pictures(paths: list[bytes], library: Path, after: Place | None = None) -> Iterator[Entry]:
    """Pictures by the ends of their names, after the place; and what could not be read. Blocking.

    A file that was given itself counts whatever its name. No link is followed.
    """
    for entry in walk(paths, library, after):
        ending = entry.path.rpartition(b".")[2].lower()
        if entry.problem or (entry.is_file and (entry.was_given or ending in ENDINGS)):
            yield entry
