"""ManualProbe: the machine as a test says it is."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from spacedrive_jobs._model.readings import NOT_ANSWERING, Amount, Condition, Readings, Space
from spacedrive_jobs._model.resources import Resource

TB: Final = 10**12


@final
@dataclass(frozen=True, slots=True)
class _Disk:
    place: Path
    space: Space


@final
class ManualProbe:
    """A machine for tests: it has what `set_amount` and `set_disk` say, and conditions hold unless `set_condition`
    says otherwise, hours too: no clock is asked. It starts with 4 cores, 16 GB, no GPU and a disk with 1 TB free.

    Any thread may call. Pass it where a library or a test takes a `Probe`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts = {"cpu": Amount(4), "memory": Amount(16 * 10**9), "gpu": Amount(0)}
        self._disks = [_Disk(Path("/"), Space(1, free=TB, total=2 * TB, label="the system disk"))]
        self._conditions: dict[Resource, Condition] = {}

    def set_amount(self, name: str, total: int | None, *, available: int | None = None) -> None:
        """So many of `name` there are from now on; None: it does not answer. `available` is for memory, in bytes."""
        with self._lock:
            self._amounts[name] = Amount(total, "" if total is not None else NOT_ANSWERING, available)

    def set_disk(self, place: Path, *, free: int, total: int | None = None, label: str = "") -> None:
        """All at and below `place`, but for what another disk has there, has `free` bytes from now on.

        `total` is by default what it was, or `free`; `label` its name for people, by default the folder's. `Path("/")`
        is the disk of everything else, the library's own folder included.
        """
        with self._lock:
            old = next((disk.space for disk in self._disks if disk.place == place), None)
            if old is None:
                device = 1 + max(disk.space.device or 0 for disk in self._disks)
                self._disks.append(
                    _Disk(place, Space(device, free=free, total=total or free, label=label or place.name))
                )
                return
            new = replace(old, free=free, total=total or max(old.total, free), label=label or old.label)
            self._disks = [_Disk(place, new) if disk.place == place else disk for disk in self._disks]

    def set_condition(self, condition: Resource, met: bool | None, words: str = "") -> None:
        """From now on `condition` is met, or not, or does not answer (None). Raises ValueError for another resource."""
        if condition.family != "condition":
            raise ValueError(f"{condition} is no condition: use set_amount or set_disk")
        with self._lock:
            self._conditions[condition] = Condition(met, words or (NOT_ANSWERING if met is None else ""))

    def read(self, asked: Collection[Resource]) -> Readings:
        """As `Probe.read`; returns at once."""
        with self._lock:
            return Readings(
                amounts=dict(self._amounts),
                spaces={one.at: self._space(one.at) for one in asked if one.family == "space"},
                conditions={
                    one: self._conditions.get(one, Condition(True)) for one in asked if one.family == "condition"
                },
            )

    def _space(self, at: Path | None) -> Space:
        path = at or Path("/")
        holding = [disk for disk in self._disks if path.is_relative_to(disk.place)]
        return max(holding, key=lambda disk: len(disk.place.parts)).space
