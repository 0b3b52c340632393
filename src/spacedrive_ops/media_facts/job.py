"""MediaMetadataJob, and the facts of given files."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from spacedrive_jobs import JobContext, Transaction, job
from spacedrive_jobs.tasks import ChildPool
from spacedrive_ops.extras import MissingExtra
from spacedrive_ops.library_index import media, sidecars
from spacedrive_ops.library_index.media import MediaFacts
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.library_index.sidecars import Sidecar
from spacedrive_ops.media.children import decoded
from spacedrive_ops.media.decoding import Limits
from spacedrive_ops.media.kinds import DESCRIBED
from spacedrive_ops.media.run import CORES, Due, MediaRun, MediaState, Redo
from spacedrive_ops.media_facts.read import read_facts
from spacedrive_ops.paths.given import TakesPaths

KIND: Final = "facts"
MIB: Final = 1 << 20


class MediaMetadataOutput(msgspec.Struct, frozen=True):
    """Files by what became of them. `skipped`: those whose facts were known already, or that were not meant."""

    made: int
    skipped: int
    failed: int


@job(
    name="media_metadata",
    description="Read what pictures, films and sounds say of themselves",
    checkpoint_interval=timedelta(seconds=0.5),
)
class MediaMetadataJob(TakesPaths):
    """Read camera, lens, time, exposure, place, dimensions, duration, codecs and frame rate of the pictures, films and
    sounds among `paths`, files or folders, into the library's index.

    They are kept by what a file holds: one that was copied or moved is not read again. `LibraryIndex` answers questions
    about them. Each file is opened in a process that is killed after `seconds`, and may use `memory` bytes of address
    space. A file that cannot be opened is an item with its reason, and the others go on.
    """

    paths: tuple[Path, ...]
    redo: Redo = "missing"
    seconds: float = 20.0
    megapixels: int = 2_000
    memory: int = 2048 * MIB

    async def run(self, ctx: JobContext[MediaState]) -> MediaMetadataOutput:
        if importlib.util.find_spec("PIL") is None or importlib.util.find_spec("blake3") is None:
            raise MissingExtra("reading what media say of themselves", "media,files")
        await ensure_index(ctx.library_db)
        async with ChildPool(limit=CORES, warm=CORES, preload=["spacedrive_ops.media_facts.read"]) as pool:
            work = _Facts(ctx, pool, Limits(self.seconds, self.megapixels, self.memory))
            state = await MediaRun(ctx, self.paths, DESCRIBED, self.redo, work).to_the_end("facts")
        return MediaMetadataOutput(state.made, state.skipped, state.failed)


class _Facts:
    """The work of MediaRun."""

    def __init__(self, ctx: JobContext[MediaState], pool: ChildPool, limits: Limits) -> None:
        self._ctx, self._pool, self._limits = ctx, pool, limits
        self._found: list[tuple[bytes, MediaFacts]] = []
        self._rows: list[Sidecar] = []

    async def is_wanted(self, digest: bytes, due: Due) -> bool:
        known = await sidecars.read(self._ctx.library_db, digest, KIND)
        return sidecars.is_due(known.get(""), due)

    async def do(self, path: bytes, digest: bytes) -> None:
        self._found.append((digest, await decoded(self._pool, self._limits, read_facts, path)))
        self._rows.append(Sidecar(digest, KIND, "", "made", None, None, "", 0))

    def failed(self, digest: bytes, reason: str) -> None:
        self._rows.append(Sidecar(digest, KIND, "", "failed", None, None, reason, 0))

    async def store(self, tx: Transaction) -> None:
        found, self._found = self._found, []
        rows, self._rows = self._rows, []
        await media.store(tx, found)
        await sidecars.store(tx, rows)
