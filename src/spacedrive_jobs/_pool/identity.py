"""Which process a number means. Pids are used again: nothing recorded is killed before its start time is compared."""

from __future__ import annotations

import os
import signal
from pathlib import Path

_PROC = Path("/proc")


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since the machine did; None if there is none. A zombie still has it."""
    fields = _stat(pid)
    return None if fields is None else int(fields[19])


def is_same_process(pid: int, started: int) -> bool:
    """Whether `pid` still means the process that `start_time` was asked about."""
    return start_time(pid) == started


def is_alive(pid: int, started: int) -> bool:
    """Whether that process still runs: it is there, and no zombie."""
    fields = _stat(pid)
    return fields is not None and int(fields[19]) == started and fields[0] not in ("Z", "X")


def group_members(group: int) -> list[int]:
    """The processes of a group that still run; zombies are left out."""
    members: list[int] = []
    for name in os.listdir(_PROC):
        if name.isdecimal():
            fields = _stat(int(name))
            if fields is not None and int(fields[2]) == group and fields[0] not in ("Z", "X"):
                members.append(int(name))
    return members


def holders_of(device: int, inode: int) -> list[int]:
    """The processes that have this file open, as far as this user may see.

    For one who finds a lock held whose owner is gone: what holds it is named by it, not by a number noted earlier.
    """
    pids = [name for name in os.listdir(_PROC) if name.isdecimal()]
    return [int(pid) for pid in pids if _holds(_PROC / pid / "fd", device, inode)]


def signal_group(group: int, signum: signal.Signals) -> bool:
    """Send a signal to a process group; False if it is empty or another's."""
    if group <= 1:
        raise ValueError(f"{group} is no group of ours to signal")
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def kill_recorded_group(pid: int, started: int) -> bool:
    """SIGKILL the group that was recorded by its leader. False, and nothing done, if that leader is no more."""
    return is_same_process(pid, started) and signal_group(pid, signal.SIGKILL)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third on (the second, the name, may hold anything)."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return text[text.rindex(")") + 2 :].split()


def _holds(folder: Path, device: int, inode: int) -> bool:
    try:
        for name in os.listdir(folder):
            try:
                found = os.stat(folder / name)
            except OSError:
                continue  # closed meanwhile
            if (found.st_dev, found.st_ino) == (device, inode):
                return True
    except OSError:
        pass  # gone, or another user's
    return False
