"""Where the kernel tells of the machine; tests put a recorded tree in its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    cgroup: Path = Path("/sys/fs/cgroup")
    dev: Path = Path("/dev")
    etc: Path = Path("/etc")


def text_of(path: Path) -> str | None:
    """The stripped text of a small file; None where it cannot be read."""
    try:
        return path.read_text("utf-8", "surrogateescape").strip()
    except OSError:
        return None


def number_of(path: Path) -> int | None:
    """The whole number in a small file; None where there is none (`max`)."""
    text = text_of(path)
    return int(text) if text is not None and text.isdecimal() else None


def entries_of(path: Path) -> list[Path]:
    """What a folder holds, in order; nothing where it cannot be read."""
    try:
        return sorted(path.iterdir())
    except OSError:
        return []
