"""What a benchmark is, as values: sides that are measured, and lines that compare them with a target."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Literal, TypeAlias

Figures: TypeAlias = Mapping[str, float]
"""What one measurement of one side gave, by the name of the figure."""

Role: TypeAlias = Literal["raw", "peer", "other", "ours"]
"""`other` counts as no peer: it is only shown by the lines that name it."""

Group: TypeAlias = Literal["engine", "copy", "files", "page"]
Better: TypeAlias = Literal["more", "less"]


class Scale(IntEnum):
    """How large a run is: `QUICK` while others work on the machine, `FULL` with the million rows of the targets."""

    QUICK = 0
    NORMAL = 1
    FULL = 2

    def pick(self, quick: int, normal: int, full: int | None = None) -> int:
        return (quick, normal, normal if full is None else full)[self]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where one measurement works: an empty folder on a real disk, removed when the whole benchmark is over.

    `shared` is one for all measurements of the benchmark: for what is only read, and takes long to make.
    """

    folder: Path
    scale: Scale
    shared: Path


Measure: TypeAlias = Callable[[Ground], Figures | Coroutine[Any, Any, Figures]]


@dataclass(frozen=True, slots=True)
class Side:
    """One party to a comparison. Each measurement runs in a fresh process."""

    name: str
    role: Role
    measure: Measure
    least_scale: Scale = Scale.QUICK


@dataclass(frozen=True, slots=True)
class Versus:
    """At least (or at most) `factor` times what `of` reached: "raw", "best peer", "ours", or the name of a side.

    `figure` names another figure than the line's own, where the two are not called alike.
    """

    factor: float
    of: str
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number to reach, whatever the machine."""

    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the printed table. Without a target it is shown for information."""

    title: str
    figure: str
    unit: str
    better: Better
    target: Versus | Limit | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    name: str
    group: Group
    sides: tuple[Side, ...]
    lines: tuple[Line, ...]
    runs: int = 3
    seconds: float = 120.0
    """After this long one measurement is given up."""
