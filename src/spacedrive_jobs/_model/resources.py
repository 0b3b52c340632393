"""What a job needs of the machine before it may run, as values: `gpu(2)`, `disk_space(10 * GB)`, `mains_power()`.

Three families. *Counted*: a number of something of which the machine, or the library, has so many (`gpu`, `cpu`,
`memory`, any declared name). *Space*: bytes on the file system of a path. *Condition*: true now or not.

Every resource has one text, which is stored with its job and shown to people; `Resource.parse` reads it back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast, final

from spacedrive_jobs._model.sizes import MOST, checked_size, format_size, parse_size

Family: TypeAlias = Literal["counted", "space", "condition"]

CONDITIONS: Final = ("mains_power", "idle", "volume", "hours")
SIZED: Final = ("memory", "disk_space")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_COUNT: Final = re.compile(r"[0-9]{1,19}")
_HOURS: Final = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})(?:@(.+))?")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,64}(?:/[A-Za-z0-9_+-]{1,64}){0,3}")
_MIDNIGHT: Final = time(0)


@final
@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` until just before `end`, each day; over midnight where `end` is the smaller.

    `tz` is an IANA zone, None the machine's own.
    """

    start: time
    end: time
    tz: str | None = None

    def __post_init__(self) -> None:
        for moment in (self.start, self.end):
            if type(moment) is not time or moment.tzinfo or moment.second or moment.microsecond:
                raise ValueError(f"hours are whole minutes without a zone, for example time(22, 30), not {moment!r}")
        if self.start == self.end:
            raise ValueError(f"hours from {self.start:%H:%M} to {self.end:%H:%M} are all day or never: leave them out")
        if self.tz is not None and (type(self.tz) is not str or not _ZONE.fullmatch(self.tz)):
            raise ValueError(f"{self.tz!r} is no time zone: write an IANA name, for example Europe/Berlin")

    def includes(self, local: time) -> bool:
        """Whether a time of day, in the zone of these hours, is within them."""
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}" + (f"@{self.tz}" if self.tz else "")


@final
@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that a job needs. Made by `gpu()`, `cpu()`, `memory()`, … or `Resource.parse`; a wrong one raises.

    `amount` is a count, or bytes for `memory` and `disk_space`, and 1 for a condition. `at` is the path of
    `disk_space` (None: the library's own) and `volume`.
    """

    name: str
    amount: int = 1
    at: Path | None = None
    window: Hours | None = None

    def __post_init__(self) -> None:
        if type(self.name) is not str or not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot name a resource: up to 64 letters, digits, `_`, `.`, `-`")
        if self.name in SIZED:
            checked_size(self.amount)
        else:
            _checked_count(self.name, self.amount)
        if self.family == "condition" and self.amount != 1:
            raise ValueError(f"{self.name} is a condition: it has no amount")
        if self.at is not None:
            _check_path(self.name, self.at)
        elif self.name == "volume":
            raise ValueError("volume needs the path of the volume, for example volume:/media/photos")
        if (self.window is not None) != (self.name == "hours"):
            raise ValueError("hours need their start and end, for example hours:22:00-06:00; nothing else has them")

    @property
    def family(self) -> Family:
        """How it is admitted: counted, space, or condition."""
        if self.name == "disk_space":
            return "space"
        return "condition" if self.name in CONDITIONS else "counted"

    @staticmethod
    def parse(text: str) -> Resource:
        """Read the text of a resource, such as `gpu:2` or `disk_space@/backup:10GB`. Raises ValueError."""
        name, colon, rest = text.partition(":")
        if text.startswith("disk_space@"):
            path, colon, size = text.removeprefix("disk_space@").rpartition(":")
            if not colon:
                raise ValueError(f"{text!r} lacks its size: write disk_space@PATH:10GB")
            return disk_space(parse_size(size), unescaped(path))
        if not _NAME.fullmatch(name):
            raise ValueError(f"{text!r} is no resource: write for example gpu, cpu:2, memory:4GB or disk_space:10GB")
        if colon and not rest:
            raise ValueError(f"{text!r} has nothing after the colon")
        read = _READ.get(name)
        if read is not None:
            return read(rest)
        return Resource(name, _parse_count(text, rest) if colon else 1)

    def __str__(self) -> str:
        """The text that `parse` reads back to an equal resource. ASCII controls and broken UTF-8 are escaped in it."""
        if self.at is not None:
            path = escaped(self.at)
            return f"volume:{path}" if self.name == "volume" else f"disk_space@{path}:{format_size(self.amount)}"
        if self.window is not None:
            return f"hours:{self.window}"
        if self.name in SIZED:
            return f"{self.name}:{format_size(self.amount)}"
        return self.name if self.amount == 1 else f"{self.name}:{self.amount}"


# --- in code ----------------------------------------------------------------------------------------------------------


def gpu(count: int = 1) -> Resource:
    """So many GPUs of this machine. Raises ValueError for less than one."""
    return Resource("gpu", count)


def cpu(count: int = 1) -> Resource:
    """So many of the CPU cores that this process may use. Raises ValueError for less than one."""
    return Resource("cpu", count)


def memory(size: int) -> Resource:
    """So many bytes of main memory: `memory(4 * GB)`. Raises ValueError."""
    return Resource("memory", size)


def disk_space(size: int, at: Path | None = None) -> Resource:
    """So many bytes on the file system of `at`, by default the library's: `disk_space(10 * GiB)`.

    Reserved while the job runs, less what it has reported as written. Raises ValueError, also for a relative path.
    """
    return Resource("disk_space", size, at)


def resource(name: str, count: int = 1) -> Resource:
    """So many of something that the library declares: `resource("license")`. Raises ValueError."""
    if name in SIZED or name in CONDITIONS:
        raise ValueError(f"{name} is not a counted resource: use {name}(...)")
    return Resource(name, count)


def mains_power() -> Resource:
    """Only while the computer does not run on a battery."""
    return Resource("mains_power")


def idle() -> Resource:
    """Only while nobody uses the computer."""
    return Resource("idle")


def volume(path: Path) -> Resource:
    """Only while a file system is mounted at or above `path` and answers. Raises ValueError for a relative path."""
    return Resource("volume", 1, path)


def hours(start: time, end: time, tz: str | None = None) -> Resource:
    """Only between two times of day: `hours(time(22), time(6))`. Raises ValueError.

    `tz` is an IANA zone, such as "Europe/Berlin"; by default the machine's own.
    """
    return Resource("hours", window=Hours(start, end, tz))


# --- reading ----------------------------------------------------------------------------------------------------------


def _parse_count(text: str, number: str) -> int:
    if not _COUNT.fullmatch(number):
        raise ValueError(f"{text!r} needs a whole number after the colon, for example {text.partition(':')[0]}:2")
    return int(number)


def _read_condition(name: str) -> Callable[[str], Resource]:
    def read(rest: str) -> Resource:
        if rest:
            raise ValueError(f"{name} is a condition: write it alone, without {rest!r}")
        return Resource(name)

    return read


def _read_size(name: str) -> Callable[[str], Resource]:
    def read(rest: str) -> Resource:
        if not rest:
            raise ValueError(f"{name} needs a size, for example {name}:4GB")
        return Resource(name, parse_size(rest))

    return read


def _read_volume(rest: str) -> Resource:
    if not rest:
        raise ValueError("volume needs the path of the volume, for example volume:/media/photos")
    return volume(unescaped(rest))


def _read_hours(rest: str) -> Resource:
    match = _HOURS.fullmatch(rest)
    if match is None:
        raise ValueError(f"hours are written 22:00-06:00 or 22:00-06:00@Europe/Berlin, not {rest!r}")
    start, end = _time_of_day(match[1], match[2]), _time_of_day(match[3], match[4])
    return hours(start, end, match[5])


def _time_of_day(hour: str, minute: str) -> time:
    if hour == "24" and minute == "00":
        return _MIDNIGHT
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f"{hour}:{minute} is no time of day: 00:00 to 23:59, or 24:00")
    return time(int(hour), int(minute))


_READ: Final[dict[str, Callable[[str], Resource]]] = {
    "mains_power": _read_condition("mains_power"),
    "idle": _read_condition("idle"),
    "memory": _read_size("memory"),
    "disk_space": _read_size("disk_space"),
    "volume": _read_volume,
    "hours": _read_hours,
}


def _checked_count(name: str, count: int) -> None:
    if type(count) is not int:
        raise ValueError(f"{name} is asked for by a whole number, not {count!r}")
    if not 1 <= count <= MOST:
        raise ValueError(f"{name} is asked for by a number from 1, not {count}")


# --- paths ------------------------------------------------------------------------------------------------------------


def _check_path(name: str, path: Path) -> None:
    if name not in ("disk_space", "volume"):
        raise ValueError(f"{name} has no path")
    if not isinstance(cast("object", path), Path):
        raise ValueError(f"{name} takes a Path, not {path!r}")
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:
        raise ValueError(f"{name}: {path!r} holds characters that no file name can have") from None
    if b"\0" in raw:
        raise ValueError(f"{name}: {path!r} holds a NUL, which no file name can have")
    if not path.is_absolute():
        raise ValueError(f"{name}: {str(path)!r} is relative, and would name another folder in another process")


def escaped(path: Path) -> str:
    """`path` as text that can be stored and shown anywhere, from which `unescaped` gets back every byte of it.

    Bytes that are not UTF-8, characters that do not print, `%`, and a space at either end are written `%XX`.
    """
    text = os.fsencode(path).decode("utf-8", "surrogateescape")
    last = len(text) - 1
    return "".join(
        character
        if character.isprintable() and character != "%" and not (character == " " and place in (0, last))
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
        for place, character in enumerate(text)
    )


def unescaped(text: str) -> Path:
    """The path of `escaped`; a `%` that no two hexadecimal digits follow is itself. Raises ValueError."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} holds characters that no file name can have") from None
    return Path(os.fsdecode(re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes.fromhex(match[1].decode()), raw)))
