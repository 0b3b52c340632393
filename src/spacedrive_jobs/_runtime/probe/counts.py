"""How many cores, how much memory."""

from __future__ import annotations

import os
from collections.abc import Callable

from spacedrive_jobs._model.readings import Amount
from spacedrive_jobs._model.sizes import size_words
from spacedrive_jobs._runtime.probe.cgroups import cpu_quota, memory_limits
from spacedrive_jobs._runtime.probe.roots import Roots, text_of


def allowed_cores() -> int:
    """The cores that this process may be scheduled on."""
    return len(os.sched_getaffinity(0))


def read_cpu(roots: Roots, affinity: Callable[[], int] = allowed_cores) -> Amount:
    """The cores of the affinity mask, fewer where a control group allows less time; a part of a core counts as none,
    except that there is always one."""
    cores = affinity()
    quota = cpu_quota(roots)
    if quota is not None and quota < cores:
        return Amount(max(1, int(quota)), f"a control group allows {quota:g} of {cores} cores")
    return Amount(cores, f"{cores} {'core' if cores == 1 else 'cores'}")


def read_memory(roots: Roots) -> Amount:
    """MemTotal and MemAvailable, or what the control groups leave of them. Swap does not count."""
    fields = dict(line.split(":", 1) for line in (text_of(roots.proc / "meminfo") or "").splitlines() if ":" in line)
    total, available = _kib(fields.get("MemTotal")), _kib(fields.get("MemAvailable"))
    if total is None:
        return Amount(None, f"{roots.proc / 'meminfo'} does not say how much memory there is")
    words = size_words(total)
    for limit in memory_limits(roots):
        if limit.most < total:
            total, words = limit.most, f"a control group allows {size_words(limit.most)}"
        if available is not None:
            available = min(available, max(0, limit.most - limit.used))
    return Amount(total, words, available)


def _kib(field: str | None) -> int | None:
    number, _, unit = (field or "").strip().partition(" ")
    return int(number) * 1024 if number.isdecimal() and unit == "kB" else None
