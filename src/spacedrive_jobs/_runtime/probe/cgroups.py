"""The limits of the control groups that hold this process (containers, systemd units), versions 1 and 2."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from spacedrive_jobs._runtime.probe.roots import Roots, number_of, text_of


class MemoryLimit(NamedTuple):
    """Bytes: `most` that the group may have, `used` of it that cannot be had back at once."""

    most: int
    used: int


def cpu_quota(roots: Roots) -> float | None:
    """How many cores' time the strictest group may use; None without a limit."""
    quotas = [_quota_v2(group) for group in _groups(roots, "")]
    quotas += [_quota_v1(group) for group in _groups(roots, "cpu")]
    return min((quota for quota in quotas if quota is not None), default=None)


def memory_limits(roots: Roots) -> list[MemoryLimit]:
    """Of each group around this process that has a limit."""
    limits = [_memory(group, "memory.max", "memory.current", "inactive_file") for group in _groups(roots, "")]
    limits += [
        _memory(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        for group in _groups(roots, "memory")
    ]
    return [limit for limit in limits if limit is not None]


def _groups(roots: Roots, controller: str) -> list[Path]:
    """The folders of this process's group and of all around it. `controller` "" is version 2's one hierarchy.

    Inside a container the names in /proc are the host's while only the container's own group is mounted, at the root:
    so the root always counts, and what is not there is left out.
    """
    for line in (text_of(roots.proc / "self/cgroup") or "").splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3 and controller in parts[1].split(","):
            top = roots.cgroup / controller
            names = [name for name in parts[2].split("/") if name]
            if ".." in names:
                names = []
            return [folder for depth in range(len(names) + 1) if (folder := top.joinpath(*names[:depth])).is_dir()]
    return []


def _quota_v2(group: Path) -> float | None:
    quota, _, period = (text_of(group / "cpu.max") or "max").partition(" ")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None


def _quota_v1(group: Path) -> float | None:
    quota, period = number_of(group / "cpu.cfs_quota_us"), number_of(group / "cpu.cfs_period_us")
    return quota / period if quota and period else None


def _memory(group: Path, most: str, used: str, reclaimable: str) -> MemoryLimit | None:
    limit = number_of(group / most)
    if limit is None:
        return None
    fields = dict(line.split(" ", 1) for line in (text_of(group / "memory.stat") or "").splitlines() if " " in line)
    cache = fields.get(reclaimable, "0")
    return MemoryLimit(limit, max(0, (number_of(group / used) or 0) - (int(cache) if cache.isdecimal() else 0)))
