"""Words for people. Whatever comes from outside (a file name, a job's message) passes through `shown`."""

from __future__ import annotations

import os
import re
import shlex
from datetime import datetime
from typing import Final

_HOSTILE: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: they move the cursor, ring, or start an escape sequence
    "\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, or turn text round
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and marks that show nothing
    "\ud800-\udfff"  # bytes that are not UTF-8, as os.fsdecode gives them
    "\U000e0000-\U000e0fff"  # tags: invisible text
    "]"
)
_LOOKS_ESCAPED: Final = re.compile(rf"\\(?=[\\xuUnrt]|{_HOSTILE.pattern})")
"""A backslash that would be taken for the beginning of an escape: two names must never be shown alike."""
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


def shown(text: str) -> str:
    """`text` on one line, with all that could act on a terminal, hide or turn round written as an escape."""
    if text.isascii() and text.isprintable():  # nearly all; it takes a twentieth of the time
        return text
    return _HOSTILE.sub(_escape, text)


def shown_path(path: str | bytes | os.PathLike[str]) -> str:
    """A path as the disk has it, by `shown`; no two are shown alike. What jobs say of paths is escaped already."""
    return shown(_LOOKS_ESCAPED.sub(r"\\\\", os.fsdecode(path)))


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:  # above it `\\x` is a byte that is no text
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shell_word(text: str) -> str:
    """`text` as one word for a shell; with ANSI-C quotes (bash, zsh) where it holds what must not be printed raw."""
    if _HOSTILE.search(text) is None:
        return shlex.quote(text)
    return "$'" + "".join(map(_ansi_c, text)) + "'"


def _ansi_c(character: str) -> str:
    if character in "'\\":
        return "\\" + character
    if _HOSTILE.match(character) is None:
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def command_line(*words: str) -> str:
    return " ".join(map(shell_word, words))


def size(count: int | float) -> str:
    """Bytes in decimal units: `84.1 MB`."""
    scaled, unit = _scale(count)
    return _number(scaled, unit) + " " + unit


def size_of(done: int, total: int, growing: bool = False) -> str:
    """`1.2 of 2.0 GB`, both in the unit of the total; a `+` where the total may still rise."""
    scaled, unit = _scale(total)
    factor = 1000 ** _UNITS.index(unit)
    return f"{_number(done / factor, unit)} of {_number(scaled, unit)}{'+' if growing else ''} {unit}"


def _scale(count: float) -> tuple[float, str]:
    value = float(count)
    for unit in _UNITS[:-1]:
        # 999.95 would be rounded to "1000.0"
        if value < (1000 if unit == "B" else 999.95):
            return value, unit
        value /= 1000
    return value, _UNITS[-1]


def _number(value: float, unit: str) -> str:
    return f"{value:.0f}" if unit == "B" else f"{value:,.1f}"


def percent(fraction: float) -> str:
    """Rounded down: 100 % is shown only at the end."""
    return f"{int(min(max(fraction, 0.0), 1.0) * 100 + 1e-9)} %"


def clock(seconds: float) -> str:
    """`0:09`, `12:40`, `3:05:00`."""
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def duration(seconds: float) -> str:
    """In the two largest units: `under 0.1 s`, `0.4 s`, `9 s`, `1 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 1:
        return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"
    total = round(seconds)
    for unit, name, part, part_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if total >= unit:
            rest = total % unit // part
            return f"{total // unit} {name}" + (f" {rest} {part_name}" if rest else "")
    return f"{total} s"


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in one unit: `12 s`, `3 min`, `2 h`, `5 d`."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def local_time(moment: datetime) -> str:
    """In this machine's zone: `2026-11-25 14:03:07`."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def counted(count: int, singular: str, plural: str = "") -> str:
    """`1 item`, `2,000 items`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
