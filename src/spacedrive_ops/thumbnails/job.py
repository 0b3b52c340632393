"""ThumbnailJob."""

from __future__ import annotations

import importlib.util
import os
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from spacedrive_jobs import JobContext, JobError, Transaction, job
from spacedrive_jobs.tasks import ChildPool
from spacedrive_ops.extras import MissingExtra
from spacedrive_ops.library_index import sidecars
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.library_index.sidecars import Sidecar
from spacedrive_ops.media.children import decoded
from spacedrive_ops.media.decoding import Limits
from spacedrive_ops.media.kinds import PICTURED
from spacedrive_ops.media.run import CORES, Due, MediaRun, MediaState, Redo
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.thumbnails.places import thumbnail_path
from spacedrive_ops.thumbnails.render import render

KIND: Final = "thumbnail"
MIB: Final = 1 << 20

ThumbnailState: TypeAlias = MediaState


class ThumbnailOutput(msgspec.Struct, frozen=True):
    """Files by what became of them. `skipped`: those that had their thumbnails already, or were not meant."""

    made: int
    skipped: int
    failed: int


@job(name="thumbnails", description="Make thumbnails of pictures", checkpoint_interval=timedelta(seconds=0.5))
class ThumbnailJob(TakesPaths):
    """Make thumbnails (WebP, at most so many pixels a side) of the pictures among `paths`, files or folders.

    They lie in the library by what a picture holds, so one that was copied or moved needs none anew. JPEG, PNG, GIF,
    WebP, TIFF, BMP, HEIC, AVIF and other pictures; SVG; the first page of a PDF; a frame of a film; the preview in a
    RAW file of a camera. Upright and in sRGB. Each is opened in a process that is killed after `seconds`, and may use
    `memory` bytes of address space; of more than `megapixels` none is begun. A picture that cannot be opened is an
    item with its reason, and the others go on.
    """

    paths: tuple[Path, ...]
    sizes: tuple[int, ...] = (256, 1024)
    redo: Redo = "missing"
    seconds: float = 20.0
    megapixels: int = 300
    memory: int = 2048 * MIB

    async def run(self, ctx: JobContext[MediaState]) -> ThumbnailOutput:
        if not self.sizes or any(not 16 <= size <= 4096 for size in self.sizes):
            raise JobError(f"sizes={self.sizes!r}: thumbnails are 16 to 4,096 pixels a side")
        if importlib.util.find_spec("PIL") is None or importlib.util.find_spec("blake3") is None:
            raise MissingExtra("making thumbnails", "media,files")
        await ensure_index(ctx.library_db)
        async with ChildPool(limit=CORES, warm=CORES, preload=["spacedrive_ops.thumbnails.render"]) as pool:
            work = _Thumbnails(self, ctx, pool)
            state = await MediaRun(ctx, self.paths, PICTURED, self.redo, work).to_the_end("thumbnails")
        return ThumbnailOutput(state.made, state.skipped, state.failed)


class _Thumbnails:
    """The work of MediaRun."""

    def __init__(self, job: ThumbnailJob, ctx: JobContext[MediaState], pool: ChildPool) -> None:
        self._ctx, self._pool = ctx, pool
        self._library = ctx.library.path
        self._limits = Limits(job.seconds, job.megapixels, job.memory)
        self._sizes = job.sizes
        self._wanted: dict[bytes, tuple[int, ...]] = {}
        self._rows: list[Sidecar] = []

    async def is_wanted(self, digest: bytes, due: Due) -> bool:
        known = await sidecars.read(self._ctx.library_db, digest, KIND)
        sizes = tuple(size for size in self._sizes if sidecars.is_due(known.get(str(size)), due))
        if sizes:
            self._wanted[digest] = sizes
        return bool(sizes)

    async def do(self, path: bytes, digest: bytes) -> None:
        made = await decoded(self._pool, self._limits, render, path, self._wanted[digest])
        self._rows += await self._ctx.run_in_pool(_keep, self._library, digest, made)

    def failed(self, digest: bytes, reason: str) -> None:
        sizes = self._wanted.get(digest, self._sizes)
        self._rows += [Sidecar(digest, KIND, str(size), "failed", None, None, reason, 0) for size in sizes]

    async def store(self, tx: Transaction) -> None:
        rows, self._rows = self._rows, []
        self._wanted.clear()
        await sidecars.store(tx, rows)


def _keep(library: Path, digest: bytes, made: list[tuple[int, bytes]]) -> list[Sidecar]:
    """Write the files: each is whole and on the disk before its row says that it is there."""
    rows: list[Sidecar] = []
    for size, data in made:
        target = thumbnail_path(library, digest, size)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = _write(target, data)
        where = str(target.relative_to(library))
        rows.append(Sidecar(digest, KIND, str(size), "made", where, len(data), "", status.st_mtime_ns // 1_000_000))
    return rows


def _write(target: Path, data: bytes) -> os.stat_result:
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            status = os.fstat(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return status
