"""A bar for each span of time, in characters; nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
HEIGHT: Final = 6


def bars(values: Sequence[float], *, height: int = HEIGHT, draws_unicode: bool = True) -> list[str]:
    """Lines from the top down, a column for each value.

    The largest value is `height` lines high; whatever is above zero can be seen.
    """
    largest = max(values, default=0)
    if largest <= 0:
        return ["" for _ in range(height)]
    eighths = [max(1, round(value / largest * height * 8)) if value > 0 else 0 for value in values]
    return ["".join(_cell(one - 8 * line, draws_unicode) for one in eighths).rstrip() for line in range(height)][::-1]


def _cell(eighths: int, draws_unicode: bool) -> str:
    if draws_unicode:
        return EIGHTHS[min(max(eighths, 0), 8)]
    return "#" if eighths > 4 else "." if eighths > 0 else " "


def sparkline(values: Sequence[float], *, draws_unicode: bool = True) -> str:
    """One line of bars."""
    (line,) = bars(values, height=1, draws_unicode=draws_unicode)
    return line
