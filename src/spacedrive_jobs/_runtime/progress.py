"""From what a job says of its progress to what is shown: a fraction that never falls, an honest rate and ETA."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from spacedrive_jobs._definition.codec import printable
from spacedrive_jobs._model.progress import (
    Bytes,
    Count,
    GenericProgress,
    Indeterminate,
    Percentage,
    Progress,
    ProgressView,
)

WINDOW: Final = 10.0
"""Seconds of the past from which rate and ETA are computed."""
SETTLED: Final = 1.0
"""Seconds of samples before a rate is shown at all."""
NEARLY: Final = 0.999
"""The most that is shown before the job has ended."""


class ProgressTracker:
    """One attempt's view. `shown`: the fraction shown before, by an earlier attempt."""

    def __init__(self, shown: float | None = None) -> None:
        self._shown = shown
        self._samples: deque[tuple[float, int, int]] = deque()

    def view(self, progress: Progress, now: float) -> ProgressView:
        """What to show of `progress` at `now` (monotonic seconds)."""
        items, size = _items(progress), _bytes(progress)
        raw = _fraction(progress)
        shown = self._raise_to(raw)
        items_rate, bytes_rate = self._rates(progress, items, size, now)
        growing = bool((items and items.growing) or (size and size.growing))
        return ProgressView(
            fraction=shown,
            growing=growing,
            catching_up=raw is not None and shown is not None and raw < shown,
            phase=_text(progress, "phase"),
            message=_text(progress, "message"),
            current_path=_text(progress, "current_path"),
            items_done=items.current if items else None,
            items_total=items.total if items else None,
            bytes_done=size.current if size else None,
            bytes_total=size.total if size else None,
            items_per_second=items_rate,
            bytes_per_second=bytes_rate,
            eta=None if growing else _eta(items, size, items_rate, bytes_rate),
        )

    def totals(self, progress: Progress) -> tuple[int | None, int | None]:
        """Bytes and items that were really done."""
        items, size = _items(progress), _bytes(progress)
        skipped_items, skipped_bytes = _skipped(progress)
        return size.current - skipped_bytes if size else None, items.current - skipped_items if items else None

    @property
    def shown(self) -> float | None:
        return self._shown

    def _raise_to(self, raw: float | None) -> float | None:
        if raw is not None:
            self._shown = max(self._shown or 0.0, min(raw, NEARLY))
        return self._shown

    def _rates(
        self, progress: Progress, items: Count | None, size: Bytes | None, now: float
    ) -> tuple[float | None, float | None]:
        """Per second over the window, of work that was really done."""
        skipped_items, skipped_bytes = _skipped(progress)
        done = (items.current - skipped_items) if items else 0
        moved = (size.current - skipped_bytes) if size else 0
        if self._samples and (done < self._samples[-1][1] or moved < self._samples[-1][2]):
            self._samples.clear()  # another phase counts something else
        self._samples.append((now, done, moved))
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW:
            self._samples.popleft()
        began, first_done, first_moved = self._samples[0]
        span = now - began
        if span < SETTLED:
            return None, None
        return (
            (done - first_done) / span if items else None,
            (moved - first_moved) / span if size else None,
        )


def _items(progress: Progress) -> Count | None:
    if isinstance(progress, Count):
        return progress
    return progress.items if isinstance(progress, GenericProgress) else None


def _bytes(progress: Progress) -> Bytes | None:
    if isinstance(progress, Bytes):
        return progress
    return progress.bytes if isinstance(progress, GenericProgress) else None


def _skipped(progress: Progress) -> tuple[int, int]:
    """Items and bytes."""
    return (progress.skipped_items, progress.skipped_bytes) if isinstance(progress, GenericProgress) else (0, 0)


def _fraction(progress: Progress) -> float | None:
    if isinstance(progress, Percentage):
        return _clamp(progress.value)
    if isinstance(progress, (Count, Bytes)):
        return _part(progress)
    if isinstance(progress, GenericProgress):
        return _of_phases(progress)
    if isinstance(progress, Indeterminate):
        return None
    own: Any = getattr(progress, "fraction", None)
    return _clamp(float(own)) if isinstance(own, (int, float)) else None


def _part(value: Count | Bytes | None) -> float | None:
    if value is None or value.total is None or value.growing:
        return None
    return 1.0 if value.total <= 0 else _clamp(value.current / value.total)


def _of_phases(progress: GenericProgress) -> float | None:
    own = _part(progress.bytes)
    if own is None or (progress.bytes is not None and progress.bytes.total == 0):
        own = _part(progress.items)
    if not progress.phases:
        return own
    total = sum(weight for _, weight in progress.phases) or 1.0
    before = 0.0
    for name, weight in progress.phases:
        if name == progress.phase:
            return _clamp((before + weight * (own or 0.0)) / total)
        before += weight
    return own


def _clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _text(progress: Progress, name: str) -> str:
    value: Any = getattr(progress, name, None)
    if value is None:
        return ""
    inner: Any = getattr(value, "value", value)  # an Enum's value
    return printable(inner) if isinstance(inner, (str, bytes)) or hasattr(inner, "__fspath__") else str(inner)


def _eta(items: Count | None, size: Bytes | None, items_rate: float | None, bytes_rate: float | None) -> float | None:
    """Seconds left, by whichever of bytes and items will take longer."""
    left: list[float] = []
    if size and size.total is not None and bytes_rate:
        left.append(max(0, size.total - size.current) / bytes_rate)
    if items and items.total is not None and items_rate:
        left.append(max(0, items.total - items.current) / items_rate)
    return max(left) if left else None
