"""HashJob."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Final

import msgspec

from spacedrive_jobs import Count, GenericProgress, JobContext, JobError, interrupt_requested, job
from spacedrive_ops.content.crew import Crew, Result
from spacedrive_ops.content.digest import Digest
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.content.reading import is_as_indexed
from spacedrive_ops.hashing.files import Found, Place, files_below
from spacedrive_ops.hashing.manifest import lines_of
from spacedrive_ops.library_index import contents
from spacedrive_ops.library_index.contents import StoredFile
from spacedrive_ops.library_index.finder import Finder
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.whole_files.partial import OnTaken, Partial, sweep

PHASES: Final = (("hash", 100.0),)
FILES_AT_ONCE: Final = 4_096
FILES_A_CALL: Final = 256
WAIT_FOR_OLD: Final = 5.0
NO_TEXT: Final = "its name is no text (UTF-8), so no manifest can have it"


@dataclass(slots=True)
class HashState:
    """Where the work stands: a place of `files_below`; `number` below zero: at the beginning. `parts`: of the manifest,
    kept in rows of the job's own."""

    number: int = -1
    folder: bytes = b""
    name: bytes = b""
    parts: int = 0
    files: int = 0
    size: int = 0
    failed: int = 0

    @property
    def place(self) -> Place | None:
        if self.number < 0:
            return None
        return Place(self.number, tuple(self.folder.split(b"/")) if self.folder else (), self.name)


class HashOutput(msgspec.Struct, frozen=True):
    """`files` that were hashed, and their `size` in bytes; `failed`: those that were not, each with its reason."""

    files: int
    size: int
    failed: int


@job(name="hash", description="Take fingerprints of files", checkpoint_interval=timedelta(seconds=0.5))
class HashJob(TakesPaths):
    """The BLAKE3 of each file at or below `paths`, into a `manifest` or the library's index.

    A manifest is a text that `b3sum --check` and HashCheckJob take; files below its folder are called from there, all
    others by their whole paths. It appears at once and whole, when all files were hashed; one that is there is only
    replaced if `overwrite`. Without a manifest the digests of files that are indexed go into the index. Links are not
    followed.
    """

    paths: tuple[Path, ...]
    manifest: Path | None = None
    overwrite: bool = False

    async def run(self, ctx: JobContext[HashState]) -> HashOutput:
        new_hasher()
        state = await ctx.load_state()
        if self.manifest is None:
            await ensure_index(ctx.library_db)
        elif state is None:
            await ctx.run_in_pool(_check_manifest, self.manifest, self.overwrite)
        run = _Run(self, ctx, state or HashState())
        await run.to_the_end()
        return HashOutput(run.state.files, run.state.size, run.state.failed)

    async def on_cancel(self, ctx: JobContext[HashState]) -> None:
        """Remove the partial manifest of an attempt whose process died."""
        if self.manifest is not None:
            await ctx.run_in_pool(sweep_partials, self.manifest.parent, ctx.id.short, ctx.attempt)


class _Run:
    """One attempt."""

    def __init__(self, job: HashJob, ctx: JobContext[HashState], state: HashState) -> None:
        self._job, self._ctx, self.state = job, ctx, state
        self._finder = Finder(ctx.library_db)

    async def to_the_end(self) -> None:
        """What was hashed is stored, and what comes next is found, while what lies between is hashed."""
        sources = [os.fsencode(path) for path in self._job.paths]
        own = os.fsencode(self._job.manifest) if self._job.manifest is not None else b""
        everything = files_below(sources, self._ctx.library.path, self.state.place)
        files = (one for one in everything if one.path != own)  # it is about to be another file
        found = await self._ctx.run_in_pool(_some, files)
        hashed: list[tuple[Found, Result]] = []
        with Crew(len(found)) as crew:
            while found or hashed:
                results, following, stored = await asyncio.gather(
                    self._hash(found, crew),
                    self._ctx.run_in_pool(_some, files),
                    self._store(hashed),
                    return_exceptions=True,
                )
                for result in (stored, results, following):
                    if isinstance(result, BaseException):
                        raise result
                assert not isinstance(results, BaseException)
                assert not isinstance(following, BaseException)
                hashed, found = results, following
        if self._job.manifest is not None:
            await self._write(self._job.manifest)

    async def _hash(self, found: Sequence[Found], crew: Crew) -> list[tuple[Found, Result]]:
        def read(some: Sequence[Found]) -> list[Result]:
            if any(one.problem for one in some):
                return [one.problem or crew.read([one.path], interrupt_requested)[0] for one in some]
            return crew.read([one.path for one in some], interrupt_requested)

        hashed: list[tuple[Found, Result]] = []
        left = found
        while left:
            calls = [left[start : start + FILES_A_CALL] for start in range(0, len(left), FILES_A_CALL)]
            for some, results in zip(calls, await self._ctx.map(read, calls), strict=True):
                hashed += zip(some, results, strict=True)
            await self._ctx.check_interrupt()
            left = [one for one, result in hashed if result is None]
            if left:  # an interruption left them out, and was taken back
                hashed = [pair for pair in hashed if pair[1] is not None]
        hashed.sort(key=lambda pair: pair[0].place)
        return hashed

    async def _store(self, hashed: Sequence[tuple[Found, Result]]) -> None:
        """Into the rows of the job, or the index; with where the work stands."""
        if not hashed:
            return
        ctx, state = self._ctx, self.state
        good: list[tuple[Found, Digest]] = []
        for found, result in hashed:
            if isinstance(result, Digest):
                good.append((found, result))
            else:
                self._fail(found, result or "")
        state.files += len(good)
        state.size += sum(digest.size for _, digest in good)
        ctx.increment_items(len(good))
        ctx.increment_bytes(sum(digest.size for _, digest in good))
        last = hashed[-1][0].place
        state.number, state.folder, state.name = last.number, b"/".join(last.folder), last.name
        if self._job.manifest is not None:
            self._keep(good, self._job.manifest)
            await ctx.checkpoint(state)
        else:
            await self._store_in_index(good)
        self._show(hashed[-1][0].path)

    def _keep(self, good: Sequence[tuple[Found, Digest]], manifest: Path) -> None:
        pairs = [(found.path, digest.digest) for found, digest in good]
        lines, no_text = lines_of(pairs, os.fsencode(manifest.parent))
        for number in no_text:
            self._fail(good[number][0], NO_TEXT)
        self.state.files -= len(no_text)
        self._ctx.keep(_key(self.state.parts), lines)
        self.state.parts += 1

    async def _store_in_index(self, good: Sequence[tuple[Found, Digest]]) -> None:
        known: list[tuple[StoredFile, bytes]] = []
        for found, digest in good:
            file = await self._finder.find(found.path)
            if file is None:
                self._ctx.item(found.path, "skipped", "is not in the index; index it first")
            elif not is_as_indexed(file, digest):
                self._ctx.item(found.path, "skipped", "was edited since it was indexed; index it again")
            else:
                known.append((file, digest.digest))
        async with self._ctx.library_db.transaction() as tx:
            await contents.store(tx, known)
            await self._ctx.checkpoint(self.state, tx=tx)

    async def _write(self, manifest: Path) -> None:
        ctx = self._ctx
        await ctx.save_state(self.state)
        await ctx.run_in_pool(sweep_partials, manifest.parent, ctx.id.short, ctx.attempt)
        partial = await ctx.run_in_pool(Partial, manifest.parent, ctx.id.short, ctx.attempt)
        try:
            for number in range(self.state.parts):
                await ctx.run_in_pool(_append, partial.fd, await ctx.kept(_key(number)) or b"")
            on_taken: OnTaken = "overwrite" if self._job.overwrite else "skip"
            name = await ctx.run_in_pool(partial.publish, manifest.name, on_taken, ctx.check_claim)
            if name is None and not await ctx.run_in_pool(_hold_the_same, partial.fd, manifest):
                raise JobError(f"{manifest} is there by now, and is left as it is: allow that it is overwritten")
        finally:
            partial.close()

    def _fail(self, found: Found, reason: str) -> None:
        self.state.failed += 1
        self._ctx.item(found.path, "error", reason)

    def _show(self, current: bytes) -> None:
        done = self.state.files + self.state.failed
        self._ctx.progress(
            GenericProgress(
                phase="hash",
                phases=PHASES,
                current_path=Path(os.fsdecode(current)),
                items=Count(done, done, growing=True),
            )
        )


def sweep_partials(folder: Path, job: str, attempt: int) -> None:
    sweep(folder, job, attempt, wait=WAIT_FOR_OLD, look=Event().wait)


def _some(files: Iterator[Found]) -> list[Found]:
    return list(islice(files, FILES_AT_ONCE))


def _key(part: int) -> bytes:
    return b"part %d" % part


def _append(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _hold_the_same(fd: int, manifest: Path) -> bool:
    """Whether it was an earlier attempt, which died afterwards, that wrote what is there."""
    with manifest.open("rb") as there:
        return there.read() == os.pread(fd, os.fstat(fd).st_size + 1, 0)


def _check_manifest(manifest: Path, overwrite: bool) -> None:
    """Refuse at once what would only fail at the end. Raises JobError."""
    if not manifest.parent.is_dir():
        raise JobError(f"{manifest} cannot be written: there is no folder {manifest.parent}")
    if manifest.is_dir():
        raise JobError(f"{manifest} cannot be written: it is a folder")
    if not overwrite and os.path.lexists(manifest):
        raise JobError(f"{manifest} is there already: give another name, or allow that it is overwritten")
