"""What ffmpeg and ffprobe print, read. Pure."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

LINES_KEPT: Final = 8
LONGEST_LINE: Final = 400
INVALID: Final = "Invalid data found when processing input"
SPEAKER: Final = re.compile(r"^(\[[^\]]* @ 0x[0-9a-f]+\] *)+")
"""The part of ffmpeg that a line is from, and where that lies in memory."""


@dataclass(slots=True)
class Report:
    """ffmpeg's `-progress` output: how far it has come. `seconds` of the source, `size` of what is written."""

    seconds: float = 0.0
    size: int = 0
    speed: float | None = None
    ended: bool = False
    _rest: bytes = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.strip().partition(b"=")
            self._take(name, value.strip())

    def _take(self, name: bytes, value: bytes) -> None:
        match name:
            case b"out_time_us" | b"out_time_ms":  # both are in microseconds
                self.seconds = max(self.seconds, (_number(value) or 0.0) / 1e6)
            case b"total_size":
                self.size = int(_number(value) or self.size)
            case b"speed":
                self.speed = _number(value.rstrip(b"x"))
            case b"progress":
                self.ended = value == b"end"
            case _:
                pass


def _number(value: bytes) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None  # "N/A"


def in_words(program: str, said: str) -> str:
    """Why a program failed, from its last lines."""
    lines = [SPEAKER.sub("", line).strip() for line in said.splitlines()]
    if any(line.endswith(INVALID) for line in lines):
        return "it is not a film or a sound that ffmpeg can read, or is damaged"
    last = next((line for line in reversed(lines) if line), "")
    return f"{program} failed" + (f" and said: {last}" if last else "")


@dataclass(slots=True)
class LastLines:
    """The last lines of what a program complains, however much that is."""

    lines: deque[bytes] = field(default_factory=lambda: deque[bytes](maxlen=LINES_KEPT))
    _rest: bytes = b""

    def feed(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self.lines.extend(line[:LONGEST_LINE] for line in lines if line.strip())
        self._rest = rest[:LONGEST_LINE]

    def text(self) -> str:
        last = [*self.lines, self._rest] if self._rest.strip() else list(self.lines)
        return b"\n".join(last).decode("utf-8", "backslashreplace")


class Media(msgspec.Struct, frozen=True):
    """What ffprobe found: the length in seconds (None: unknown), and which kinds of streams there are."""

    seconds: float | None
    has_video: bool
    has_audio: bool


def media_of(text: bytes) -> Media:
    """Raises ValueError for what is not ffprobe's."""
    found: Any = json.loads(text)
    streams: list[Any] = found.get("streams", [])
    kinds = {_kind(stream) for stream in streams}
    lengths: list[object] = [found.get("format", {}).get("duration")]
    lengths += [stream.get("duration") for stream in streams]
    known = [seconds for seconds in map(_seconds, lengths) if seconds is not None]
    return Media(known[0] if known else None, "video" in kinds, "audio" in kinds)


def _kind(stream: Any) -> str:
    """A picture of the cover is no video."""
    is_cover = bool(stream.get("disposition", {}).get("attached_pic"))
    return "cover" if is_cover else str(stream.get("codec_type"))


def _seconds(value: object) -> float | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


def encoders_of(text: str) -> frozenset[str]:
    """The names in what `ffmpeg -encoders` lists."""
    _, _, table = text.partition("------")
    return frozenset(fields[1] for line in table.splitlines() if len(fields := line.split()) > 1)
