"""What a job says of its progress, and what is shown of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, Union, dataclass_transform, final


@final
@dataclass(frozen=True, slots=True)
class Count:
    """`current` of `total` items; `total=None` while it is unknown, `growing` while it may still rise."""

    current: int
    total: int | None = None
    growing: bool = False


@final
@dataclass(frozen=True, slots=True)
class Bytes:
    """`current` of `total` bytes; `total=None` while it is unknown, `growing` while it may still rise."""

    current: int
    total: int | None = None
    growing: bool = False


@final
@dataclass(frozen=True, slots=True)
class Percentage:
    """A fraction from 0.0 to 1.0."""

    value: float


@final
@dataclass(frozen=True, slots=True)
class Indeterminate:
    message: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GenericProgress:
    """The spec's `Generic`, named so that it never shadows `typing.Generic`.

    `phases` are (name, weight) in order; the shown fraction is the weights of the phases before `phase` plus this
    phase's own fraction (by bytes where known, else by items). `skipped_bytes` and `skipped_items` are part of
    `bytes`/`items` but were not worked on, so rate and ETA leave them out.
    """

    phase: str
    phases: tuple[tuple[str, float], ...] = ()
    message: str = ""
    current_path: Path | None = None
    items: Count | None = None
    bytes: Bytes | None = None
    skipped_items: int = 0
    skipped_bytes: int = 0


@dataclass_transform(frozen_default=True, kw_only_default=True)
class ProgressData:
    """Base of a job's own progress type: a subclass is a frozen, keyword-only dataclass, stored under its class name.

    Fields must be immutable (str, int, float, bool, None, Enum, Path, tuples and frozensets of these, other frozen
    dataclasses): the value is encoded later than it is given. A mutable field raises DefinitionError at import.
    A field `fraction: float` (0.0 to 1.0), where there is one, moves the bar.
    """

    __known__: ClassVar[dict[str, type[ProgressData]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(frozen=True, kw_only=True)(cls)
        ProgressData.__known__[cls.__name__] = cls


Progress: TypeAlias = Union[Count, Bytes, Percentage, Indeterminate, GenericProgress, ProgressData]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressView:
    """What a bar, a card or a line shows of a running job; computed where the job runs, stored, equal for all.

    `fraction` never falls and is 1.0 only when completed; None while unknown. Rates are per second over a recent
    window, without skipped work; they and `eta` (seconds) are None while unknown. `growing`: the total may still rise.
    `catching_up`: a resumed attempt is still below the fraction that was shown before.
    """

    fraction: float | None = None
    growing: bool = False
    catching_up: bool = False
    phase: str = ""
    message: str = ""
    current_path: str = ""
    items_done: int | None = None
    items_total: int | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    items_per_second: float | None = None
    bytes_per_second: float | None = None
    eta: float | None = None


@final
@dataclass(slots=True)
class JobMetrics:
    """Counters of a job over all its attempts; those of work that is repeated after a crash are rolled back with it."""

    bytes_processed: int = 0
    items_processed: int = 0
    items_ok: int = 0
    items_skipped: int = 0
    items_warning: int = 0
    items_error: int = 0
    warnings: int = 0
    errors: int = 0
