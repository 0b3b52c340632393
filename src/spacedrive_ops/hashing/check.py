"""HashCheckJob."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from spacedrive_jobs import Bytes, GenericProgress, JobContext, JobError, interrupt_requested, job
from spacedrive_ops.content.crew import Crew, Result
from spacedrive_ops.content.digest import Digest
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.hashing.manifest import parsed, path_from
from spacedrive_ops.paths.given import TakesPaths

PHASES: Final = (("check", 100.0),)
FILES_A_CALL: Final = 256
LINES_AT_ONCE: Final = 4_096
LONGEST_LINE: Final = 32 << 10
A_LINE: Final = 90
"""Bytes of a common line: by this it is guessed how many there are."""

Line: TypeAlias = tuple[bytes, bytes] | None
"""The digest and the path; None for a line that is none."""


@dataclass(slots=True)
class HashCheckState:
    """`offset`: up to where the manifest was compared; `line`: how many lines that are."""

    offset: int = 0
    line: int = 0
    intact: int = 0
    different: int = 0
    unreadable: int = 0
    malformed: int = 0
    read_bytes: int = 0


class HashCheckOutput(msgspec.Struct, frozen=True):
    """Files by what became of them. `different`: other bytes than the manifest says; `malformed`: lines that no
    manifest has."""

    intact: int
    different: int
    unreadable: int
    malformed: int


@job(name="hash_check", description="Compare files with their fingerprints", checkpoint_interval=timedelta(seconds=0.5))
class HashCheckJob(TakesPaths):
    """Hash each file that a `manifest` names, and compare. What differs, or is not there, is an item.

    Manifests are those of HashJob and of b3sum. Names that are no whole paths are taken from the manifest's folder.
    """

    manifest: Path

    async def run(self, ctx: JobContext[HashCheckState]) -> HashCheckOutput:
        new_hasher()
        state = await ctx.load_state(default=HashCheckState())
        try:
            size = (await ctx.run_in_pool(os.stat, self.manifest)).st_size
            await self._compare_all(ctx, state, size)
        except OSError as error:
            raise JobError(f"{self.manifest} cannot be read: {error.strerror}") from error
        return HashCheckOutput(state.intact, state.different, state.unreadable, state.malformed)

    async def _compare_all(self, ctx: JobContext[HashCheckState], state: HashCheckState, size: int) -> None:
        with Crew(max(0, size - state.offset) // A_LINE) as crew:
            while True:
                lines, offset = await ctx.run_in_pool(_lines_from, self.manifest, state.offset)
                if not lines:
                    return
                results = await _hashed(ctx, lines, crew)
                for line, result in zip(lines, results, strict=True):
                    _account(ctx, state, line, result)
                state.offset = offset
                await ctx.checkpoint(state)
                ctx.progress(_progress(state, size))


def _lines_from(manifest: Path, offset: int) -> tuple[list[Line], int]:
    """The next lines, with whole paths; and where they end."""
    folder = os.path.dirname(os.path.abspath(os.fsencode(manifest)))
    lines: list[Line] = []
    with manifest.open("rb") as file:
        file.seek(offset)
        while len(lines) < LINES_AT_ONCE and (text := file.readline(LONGEST_LINE)):
            found = parsed(text.removesuffix(b"\n"))
            lines.append((found[0], path_from(found[1], folder)) if found is not None else None)
        return lines, file.tell()


async def _hashed(ctx: JobContext[HashCheckState], lines: Sequence[Line], crew: Crew) -> list[Result]:
    def read(paths: list[bytes]) -> list[Result]:
        return crew.read(paths, interrupt_requested)

    found: dict[bytes, Result] = {line[1]: None for line in lines if line is not None}
    while left := [path for path, result in found.items() if result is None]:
        calls = [left[start : start + FILES_A_CALL] for start in range(0, len(left), FILES_A_CALL)]
        for paths, results in zip(calls, await ctx.map(read, calls), strict=True):
            found.update(zip(paths, results, strict=True))
        await ctx.check_interrupt()  # if one was taken back, what it left out is read now
    return [found[line[1]] if line is not None else None for line in lines]


def _account(ctx: JobContext[HashCheckState], state: HashCheckState, line: Line, result: Result) -> None:
    state.line += 1
    if line is None:
        state.malformed += 1
        ctx.item(f"line {state.line}", "error", "is no line of a manifest: a digest, two spaces and a path")
    elif not isinstance(result, Digest):
        state.unreadable += 1
        ctx.item(line[1], "error", result or "")
    elif result.digest != line[0]:
        state.different += 1
        ctx.item(line[1], "error", "holds other bytes than the manifest says")
    else:
        state.intact += 1
        state.read_bytes += result.size
        ctx.increment_items()
        ctx.increment_bytes(result.size)


def _progress(state: HashCheckState, size: int) -> GenericProgress:
    return GenericProgress(
        phase="check",
        phases=PHASES,
        message=f"{state.line:,} files",
        bytes=Bytes(state.offset, max(size, state.offset)),
    )
