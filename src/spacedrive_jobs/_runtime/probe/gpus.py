"""How many GPUs: those of NVIDIA through its management library, otherwise the render nodes of AMD and Intel.

Where there is an NVIDIA GPU only these count: a job that asks for a GPU must not be given the small one inside the
processor beside it. Which GPU a job then uses is its own affair; where the count is wrong, the library declares it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol, cast

from spacedrive_jobs._model.readings import Amount
from spacedrive_jobs._runtime.probe.roots import Roots, entries_of, text_of

VENDORS: Final = {"0x1002": "AMD", "0x8086": "Intel"}


class Nvml(Protocol):
    """What is used of the module `pynvml`; each of these may raise an NVMLError of its own."""

    def nvmlInit(self) -> object: ...  # noqa: N802 - NVML's own names
    def nvmlShutdown(self) -> object: ...  # noqa: N802
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: N802
    def nvmlDeviceGetHandleByIndex(self, index: int, /) -> object: ...  # noqa: N802
    def nvmlDeviceGetName(self, handle: object, /) -> str | bytes: ...  # noqa: N802


LoadNvml = Callable[[], Nvml | None]


def load_nvml() -> Nvml | None:
    """The module of the extra `gpu`; None where it is not installed."""
    try:
        return cast("Nvml", importlib.import_module("pynvml"))
    except ImportError:
        return None


def read_gpus(roots: Roots, load: LoadNvml = load_nvml, environment: Mapping[str, str] | None = None) -> Amount:
    """The GPUs that are there and answer. `environment` may hide some of NVIDIA's (CUDA_VISIBLE_DEVICES)."""
    names = _nvidia(load)
    if names:
        return _visible(names, environment or {})
    nodes = _render_nodes(roots)
    return Amount(len(nodes), _listed(nodes) or "no GPU")


def _nvidia(load: LoadNvml) -> list[str]:
    """The names of NVIDIA's GPUs. Nothing where module, driver or device is missing or broken."""
    try:
        nvml = load()
        if nvml is None:
            return []
        nvml.nvmlInit()
    except Exception:  # NVMLError: no driver, no permission, another version; nothing here can be used then
        return []
    try:
        return _names(nvml)
    finally:
        try:
            nvml.nvmlShutdown()
        except Exception:  # nothing depends on it
            pass


def _names(nvml: Nvml) -> list[str]:
    names: list[str] = []
    try:
        for index in range(nvml.nvmlDeviceGetCount()):
            try:
                name = nvml.nvmlDeviceGetName(nvml.nvmlDeviceGetHandleByIndex(index))
            except Exception:  # this one is lost ("fallen off the bus") or forbidden; the others still count
                continue
            names.append(name.decode("utf-8", "replace") if isinstance(name, bytes) else name)
    except Exception:
        pass
    return names


def _visible(names: list[str], environment: Mapping[str, str]) -> Amount:
    shown = environment.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return Amount(len(names), _listed(names))
    entries = [entry.strip() for entry in shown.split(",")]
    wrong = next((place for place, entry in enumerate(entries) if not entry or entry.startswith("-")), len(entries))
    count = min(wrong, len(names))  # CUDA ignores what follows the first entry that names no device
    words = _listed(names)
    return Amount(count, words if count == len(names) else f"CUDA_VISIBLE_DEVICES shows {count} of: {words}")


def _render_nodes(roots: Roots) -> list[str]:
    nodes = [node for node in entries_of(roots.sys / "class/drm") if node.name.startswith("renderD")]
    vendors = [VENDORS.get(text_of(node / "device/vendor") or "") for node in nodes]
    return [f"{vendor} ({node.name})" for vendor, node in zip(vendors, nodes, strict=True) if vendor]


def _listed(names: list[str]) -> str:
    return ", ".join(names)
