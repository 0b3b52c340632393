"""Sizes in bytes: read from text, written as text that reads back, and said in words."""

from __future__ import annotations

import re
from decimal import Decimal
from math import ceil
from typing import Final, Literal

MOST: Final = (1 << 63) - 1
"""What a column of the store holds."""

_DECIMAL: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_BINARY: Final = ("KiB", "MiB", "GiB", "TiB", "PiB")
UNITS: Final = {unit: 1000**power for power, unit in enumerate(_DECIMAL)} | {
    unit: 1024**power for power, unit in enumerate(_BINARY, 1)
}
GB: Final = UNITS["GB"]
GiB: Final = UNITS["GiB"]
_BY_LOWER: Final = {unit.lower(): size for unit, size in UNITS.items()}
_SIZE: Final = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,12})?) ?([A-Za-z]+)")


def parse_size(text: str) -> int:
    """`4GB`, `1.5 GiB`, `512B`: whole bytes, rounded up; the unit's case does not matter. Raises ValueError."""
    match = _SIZE.fullmatch(text)
    unit = _BY_LOWER.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError(f"{text!r} is no size: write a number and a unit, for example 10GB or 512MiB")
    return checked_size(ceil(Decimal(match[1]) * unit))


def checked_size(size: int) -> int:
    """`size`, if it is a number of bytes that can be asked for. Raises ValueError."""
    if type(size) is not int:
        raise ValueError(f"a size is a whole number of bytes, for example 10 * GB, not {size!r}")
    if size < 1:
        raise ValueError(f"a size is at least one byte, not {size}")
    if size > MOST:
        raise ValueError(f"a size of {size} bytes is more than any disk holds")
    return size


def format_size(size: int) -> str:
    """`size` exactly, in the unit that needs the smallest number: what `parse_size` reads back."""
    whole = [(size // unit, name) for name, unit in UNITS.items() if size % unit == 0]
    number, name = min(whole)
    return f"{number}{name}"


def size_words(size: int, rounded: Literal["up", "down"] = "down") -> str:
    """Decimal units and at most one decimal: `6.2 GB`.

    What is needed is rounded up and what is there is rounded down, so that a refusal never reads
    "needs 10 GB (10 GB free)".
    """
    power = 0
    while True:
        unit = 1000**power
        tenths = -(-size * 10 // unit) if rounded == "up" else size * 10 // unit
        if tenths < 10_000 or power == len(_DECIMAL) - 1:
            break
        power += 1
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth} {_DECIMAL[power]}" if tenth and power else f"{whole} {_DECIMAL[power]}"
