"""What the machine has, as admission sees it: readings of the probe, taken beside the claims and never during one.

A claim must not wait for a disk or a driver, so it judges by the last readings; a resource that was not read yet
refuses, and is read at once. Free space is reckoned with what jobs had reported as written *before* it was read:
bytes written later are still in it, and would be counted twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final

from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.fitting import Reservation, fits, never_fits, unmet_conditions
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.readings import Probe, Readings
from spacedrive_jobs._model.resources import Resource
from spacedrive_jobs._store.admission import Held, Refusal

FRESH: Final = 2.0
"""Seconds for which readings serve while something waits for resources or holds them."""


class ProbedSupply:
    """Implements the store's `Supply`. `refusal` may be called in any thread; all else on the event loop."""

    def __init__(self, probe: Probe, declared: Mapping[str, int], clock: Clock) -> None:
        self._probe, self._declared, self._clock = probe, declared, clock
        self._readings = Readings().declaring(declared)
        self._read: frozenset[str] = frozenset()
        self._written: Mapping[bytes, int] = {}
        self._wanted: set[str] = set()
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    # --- in the store's transaction -----------------------------------------------------------------------------------

    def refusal(self, resources: tuple[str, ...], held: Iterable[Held]) -> Refusal | None:
        unread = [text for text in resources if text not in self._read]
        holding = list(held)
        if unread:
            self._wanted.update(resources, *(one.resources for one in holding))
            return Refusal("looks whether there is what it needs")
        reserved = [reservation for one in holding for reservation in self._reserved(one)]
        words = fits(self._readings, reserved, parsed(resources))
        return Refusal(words, self._contended(resources)) if words is not None else None

    def _reserved(self, held: Held) -> list[Reservation]:
        holder = f"{held.kind} {JobId.from_bytes(held.job).short}"
        written = min(held.written, self._written.get(held.job, 0))
        return [
            Reservation(
                one.name,
                one.amount,
                device=self._readings.space(one.at).device if one.family == "space" else None,
                written=written if one.family == "space" else 0,
                holder=holder,
            )
            for one in parsed(held.resources)
            if one.family != "condition"
        ]

    def _contended(self, resources: tuple[str, ...]) -> str:
        """What the job stands in line for; a condition is nothing that another could take away."""
        return next((one.name for one in parsed(resources) if one.family != "condition"), "")

    # --- beside it ----------------------------------------------------------------------------------------------------

    @property
    def is_wanted(self) -> bool:
        """Something was asked for that was not read yet."""
        return bool(self._wanted - self._read)

    @property
    def is_stale(self) -> bool:
        return self._read_at is not None and self._clock.monotonic() - self._read_at >= FRESH

    async def look(self, written: Mapping[bytes, int], more: Collection[str] = ()) -> None:
        """Read everything that was ever asked for. `written`: what running jobs had reported before this call."""
        async with self._reading:
            asked = frozenset(self._wanted | self._read | set(more))
            readings = await asyncio.to_thread(self._probe.read, parsed(tuple(sorted(asked))))
            self._readings = readings.declaring(self._declared)
            self._read, self._written, self._read_at = asked, dict(written), self._clock.monotonic()

    async def never(self, resources: tuple[str, ...]) -> str | None:
        """Why this can never be had here, in words; None if it can, or if that is not known."""
        readings = await asyncio.to_thread(self._probe.read, parsed(resources))
        return never_fits(readings.declaring(self._declared), parsed(resources))

    def unmet(self, resources: tuple[str, ...]) -> str | None:
        """For a running job: which of its conditions no longer hold, in words."""
        known = tuple(text for text in resources if text in self._read)
        return unmet_conditions(self._readings, parsed(known))


@lru_cache(maxsize=1024)
def parsed(resources: tuple[str, ...]) -> tuple[Resource, ...]:
    return tuple(Resource.parse(text) for text in resources)
