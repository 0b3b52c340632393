"""TranscodeJob."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

import msgspec

from spacedrive_jobs import JobContext, ProgressData, cpu, interrupt_requested, job
from spacedrive_ops.folders import exists
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.transcode import programs
from spacedrive_ops.transcode.errors import TranscodeFailed, TranscodeRefused
from spacedrive_ops.transcode.layout import Place, check, place_of
from spacedrive_ops.transcode.presets import (
    EncoderMissing,
    PresetName,
    extension_of,
    misnamed,
    output_options,
    wants_video,
)
from spacedrive_ops.transcode.report import Media, Report, encoders_of, in_words, media_of
from spacedrive_ops.transcode.tool import Tool
from spacedrive_ops.whole_files.names import numbered_names
from spacedrive_ops.whole_files.partial import OnTaken, Partial, sweep

AT_ONCE: Final = 2
PROBE_WITHIN: Final = 60.0
"""Seconds for a look at the source and for the list of encoders."""
STALLED_AFTER: Final = 120.0
"""Seconds without any progress after which the program is taken to hang."""
STANDS_STILL: Final = 64 << 10
"""Bytes read and written in that time that are no sign of life: a program that hangs may still talk."""
WAIT_FOR_OLD: Final = 5.0
"""Seconds that the program of a killed attempt gets to die, before this one begins."""
MOSTLY: Final = 0.9
MISSING: Final = 127


class TranscodeProgress(ProgressData):
    """`seconds` of `total_seconds` of the source (None: its length is unknown); `speed`: seconds a second."""

    fraction: float
    phase: str = "transcode"
    message: str = ""
    current_path: Path
    seconds: float = 0.0
    total_seconds: float | None = None
    speed: float | None = None


@dataclass(slots=True)
class TranscodeState:
    """`into`: the destination was a folder. `published`: device and inode of the whole file, stored before its rename,
    by which a later attempt knows it again."""

    into: bool
    published: tuple[int, int] | None = None


class TranscodeOutput(msgspec.Struct, frozen=True):
    """`destination`: the file that was made, or the one because of which nothing was (`skipped`)."""

    destination: Path
    size: int
    skipped: bool = False


# Half of the cores for each, since two run at once; one core is what any machine has.
@job(name="transcode", description="Convert a film or a sound", max_concurrent=AT_ONCE, requires_resources=[cpu()])
class TranscodeJob(TakesPaths):
    """Make `destination` from `source` by ffmpeg, as `preset` says (`PresetName`).

    Into `destination` if that is a folder, else in its place: then its ending must be one of what the preset makes; a
    name without an ending is taken as it is. A final name is always a whole file. What an attempt has
    done is lost when it is stopped: the next one begins anew. However the job or its process ends, ffmpeg ends with it.

    `on_conflict`: what happens where a file of that name is there: `skip`, `overwrite` it, or `rename` the new one.
    Raises TranscodeRefused, TranscodeFailed.
    """

    source: Path
    destination: Path
    preset: PresetName = "h264"
    on_conflict: OnTaken = "skip"

    async def run(self, ctx: JobContext[TranscodeState]) -> TranscodeOutput:
        return await _Run(self, ctx).to_the_end()

    def misnamed(self) -> str:
        """Why the destination's name would say something wrong of what is made; empty where it would not, and for a
        folder. Blocking: it looks whether it is one."""
        return "" if os.path.isdir(self.destination) else misnamed(self.preset, self.destination.name)

    async def on_cancel(self, ctx: JobContext[TranscodeState]) -> None:
        """Remove the partial files of an attempt whose process died."""
        state = await ctx.load_state()
        if state is not None:
            place = place_of(self.source, self.destination, extension_of(self.preset), into=state.into)
            await ctx.run_in_pool(_sweep, place.folder, ctx.id.short, ctx.attempt)


class _Run:
    """One attempt of a transcode."""

    def __init__(self, job: TranscodeJob, ctx: JobContext[TranscodeState]) -> None:
        self._job, self._ctx = job, ctx

    async def to_the_end(self) -> TranscodeOutput:
        ctx, job = self._ctx, self._job
        state = await ctx.load_state() or TranscodeState(await ctx.run_in_pool(os.path.isdir, job.destination))
        place = place_of(job.source, job.destination, extension_of(job.preset), into=state.into)
        await ctx.save_state(state)
        if state.published is not None:
            known = await ctx.run_in_pool(_find_published, place, state.published)
            if known is not None:
                return self._done(known)
            state.published = None  # its number may be another file's by and by
            await ctx.save_state(state)
        await ctx.run_in_pool(check, place, ctx.library.path)
        if problem := misnamed(job.preset, place.name):
            raise TranscodeRefused(place.source, problem)
        await ctx.run_in_pool(_sweep, place.folder, ctx.id.short, ctx.attempt)
        if job.on_conflict == "skip" and await ctx.run_in_pool(os.path.lexists, place.final):
            return self._skipped(place)
        options = await self._options(place)
        media = await self._probe(place)
        partial = Partial(place.folder, ctx.id.short, ctx.attempt)
        try:
            await self._transcode(place, media, options, partial)
            return await self._publish(place, partial, state)
        finally:
            partial.close()

    async def _options(self, place: Place) -> list[str]:
        listed = await self._ask(place, programs.list_encoders())
        try:
            return output_options(self._job.preset, encoders_of(listed.decode("utf-8", "replace")))
        except EncoderMissing as missing:
            raise TranscodeRefused(place.source, str(missing)) from missing

    async def _probe(self, place: Place) -> Media:
        try:
            media = media_of(await self._ask(place, programs.probe(place.source)))
        except ValueError as error:
            raise TranscodeFailed(place.source, "ffprobe does not understand it", str(error)) from error
        if not (media.has_video if wants_video(self._job.preset) else media.has_audio):
            lacking = "picture" if wants_video(self._job.preset) else "sound"
            raise TranscodeRefused(place.source, f"it has no {lacking}, which {self._job.preset!r} would be made of")
        return media

    async def _ask(self, place: Place, command: list[str] | list[bytes]) -> bytes:
        """What a program prints that answers at once."""
        output = bytearray()
        tool = Tool(command, output.extend)  # not in the pool: an interruption there would lose it, and it go on
        try:
            end = monotonic() + PROBE_WITHIN
            while (code := await self._ctx.run_in_pool(tool.some, interrupt_requested)) is None:
                if monotonic() > end:
                    name = os.fsdecode(command[0])
                    raise TranscodeFailed(place.source, f"{name} was killed: no answer for {PROBE_WITHIN:.0f} s", "")
            _check_exit(place, command[0], code, tool.said.text())
            return bytes(output)
        finally:
            tool.kill()

    async def _transcode(self, place: Place, media: Media, options: list[str], partial: Partial) -> None:
        ctx = self._ctx
        threads = max(1, (os.cpu_count() or 1) // AT_ONCE)
        command = programs.transcode(place.source, partial.fd, options, threads)
        report = Report()
        tool = Tool(command, report.feed, keep_open=(partial.fd,), niceness=programs.NICENESS)
        try:
            alive = _SignsOfLife()
            while (code := await ctx.run_in_pool(tool.some, interrupt_requested)) is None:
                self._show(place, media, report)
                if alive.for_how_long_not(report, tool.bytes_moved()) > STALLED_AFTER:
                    problem = f"ffmpeg was killed: no progress for {STALLED_AFTER:.0f} s"
                    raise TranscodeFailed(place.source, problem, tool.said.text())
            said = tool.said.text()
        finally:
            tool.kill()
        _check_exit(place, command[0], code, said)
        self._warn(media, report, said)

    def _warn(self, media: Media, report: Report, said: str) -> None:
        if said:
            self._ctx.add_warning(f"ffmpeg: {said}")
        if media.seconds is not None and report.seconds < MOSTLY * media.seconds:
            self._ctx.add_warning(
                f"the result is {report.seconds:.1f} s long, the source says it is {media.seconds:.1f} s"
            )

    async def _publish(self, place: Place, partial: Partial, state: TranscodeState) -> TranscodeOutput:
        ctx = self._ctx
        mode = (await ctx.run_in_pool(os.stat, place.source)).st_mode & 0o666
        await ctx.run_in_pool(os.fchmod, partial.fd, mode)
        state.published = partial.identity
        await ctx.save_state(state)
        name = await ctx.run_in_pool(partial.publish, place.name, self._job.on_conflict, ctx.check_claim)
        return self._skipped(place) if name is None else self._done(place.folder / name)

    def _done(self, final: Path) -> TranscodeOutput:
        size = final.stat().st_size
        self._ctx.item(self._job.source)
        self._ctx.increment_items()
        self._ctx.increment_bytes(size)
        return TranscodeOutput(final, size)

    def _skipped(self, place: Place) -> TranscodeOutput:
        self._ctx.item(self._job.source, "skipped", f"{os.fspath(place.final)!r} exists already")
        return TranscodeOutput(place.final, 0, skipped=True)

    def _show(self, place: Place, media: Media, report: Report) -> None:
        fraction = min(1.0, report.seconds / media.seconds) if media.seconds is not None else 0.0
        speed = f", {report.speed:.1f} × as fast as it plays" if report.speed else ""
        total = f" of {media.seconds:,.0f}" if media.seconds is not None else ""
        self._ctx.progress(
            TranscodeProgress(
                fraction=fraction,
                message=f"{report.seconds:,.0f}{total} s{speed}",
                current_path=place.source,
                seconds=report.seconds,
                total_seconds=media.seconds,
                speed=report.speed,
            )
        )


class _SignsOfLife:
    """Tells for how long a program has neither reported progress nor moved data worth mentioning."""

    def __init__(self) -> None:
        self._seen: tuple[float, int] = (-1.0, -1)
        self._moved = 0
        self._since = monotonic()

    def for_how_long_not(self, report: Report, moved: int) -> float:
        seen = (report.seconds, report.size)
        if seen != self._seen or moved - self._moved > STANDS_STILL:
            self._seen, self._moved, self._since = seen, moved, monotonic()
        return monotonic() - self._since


def _check_exit(place: Place, program: str | bytes, code: int, said: str) -> None:
    name = os.fsdecode(program)
    if code == MISSING:
        raise TranscodeRefused(place.source, f"needs the program {name}: apt-get install ffmpeg")
    if code < 0:
        raise TranscodeFailed(place.source, f"{name} was ended by signal {-code}", said)
    if code:
        raise TranscodeFailed(place.source, in_words(name, said), "")


def _find_published(place: Place, published: tuple[int, int]) -> Path | None:
    """The file that an earlier attempt had made and renamed when it died."""
    try:
        folder = os.open(place.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        names = numbered_names(place.name)
        name = place.name
        while exists(folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if (status.st_dev, status.st_ino) == published:
                return place.folder / name
            name = next(names)
        return None
    finally:
        os.close(folder)


def _sweep(folder: Path, job: str, attempt: int) -> None:
    sweep(folder, job, attempt, wait=WAIT_FOR_OLD, look=Event().wait)
