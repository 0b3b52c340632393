"""Is the computer on mains power? From /sys/class/power_supply: adapters, batteries, a UPS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacedrive_jobs._model.readings import Condition
from spacedrive_jobs._runtime.probe.roots import Roots, entries_of, text_of

MAINS: Final = "Mains"
CHARGERS: Final = ("USB", "Wireless")


@final
@dataclass(frozen=True, slots=True)
class Supply:
    """One entry. `kind` is Mains, USB, Wireless, Battery or UPS; `percent` is None where it is not told."""

    kind: str
    online: bool | None
    status: str
    percent: int | None

    @property
    def charge(self) -> str:
        return "" if self.percent is None else f", {self.percent} %"


def read_mains_power(roots: Roots) -> Condition:
    """Met on mains, and where there is no battery at all."""
    supplies = [supply for entry in entries_of(roots.sys / "class/power_supply") if (supply := _supply(entry))]
    by_ups = [supply for supply in supplies if supply.kind == "UPS"]
    for ups in by_ups:
        if ups.status == "Discharging" or (ups.online is False and ups.status != "Charging"):
            return Condition(False, f"the UPS runs on its battery{ups.charge}")
    batteries = [supply for supply in supplies if supply.kind == "Battery"]
    if not batteries:
        return Condition(True, "the UPS is on mains" if by_ups else "no battery")
    return _with_batteries([supply for supply in supplies if supply.kind in (MAINS, *CHARGERS)], batteries)


def _with_batteries(adapters: list[Supply], batteries: list[Supply]) -> Condition:
    discharging = next((battery for battery in batteries if battery.status == "Discharging"), None)
    if any(adapter.kind == MAINS and adapter.online for adapter in adapters):
        return Condition(True, "on mains")  # one of two batteries may be emptied on purpose all the same
    if discharging is not None:  # also with a charger that is too weak to carry the computer
        return Condition(False, f"on battery{discharging.charge}")
    if any(adapter.online for adapter in adapters):
        return Condition(True, "on mains")
    if any(adapter.online is False for adapter in adapters):
        return Condition(False, f"on battery{batteries[0].charge}")
    if any(battery.status in ("Charging", "Full", "Not charging") for battery in batteries):
        return Condition(True, "on mains")
    return Condition(None, "the battery does not say whether it is in use")


def _supply(entry: Path) -> Supply | None:
    """None for what does not feed the computer: the battery of a mouse, an empty bay."""
    if text_of(entry / "scope") == "Device" or text_of(entry / "present") == "0":
        return None
    kind = text_of(entry / "type") or ""
    online, percent = text_of(entry / "online"), text_of(entry / "capacity")
    return Supply(
        "USB" if kind.startswith("USB") else kind,
        None if online is None else online != "0",
        text_of(entry / "status") or "Unknown",
        int(percent) if percent and percent.isdecimal() else None,
    )
