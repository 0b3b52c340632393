"""What /proc tells of a process; used to explain and to kill, never to decide whether a runner lives."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from spacedrive_jobs._store.rescue import ProcessFacts


@cache
def machine_boot() -> str:
    """Tells one start of the machine from the next."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""


def pid_namespace() -> int:
    with suppress(OSError):
        return os.stat("/proc/self/ns/pid").st_ino
    return 0


def facts_of(pid: int) -> ProcessFacts:
    """The facts of a process in our own namespace; `started` is 0 where it cannot be told."""
    return ProcessFacts(pid, _started(pid), pid_namespace(), machine_boot())


def own_program() -> str:
    """What this process was started as, for people."""
    name = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else Path(sys.executable).name
    return name or "python"


def host_name() -> str:
    return socket.gethostname()


def is_same_process(facts: ProcessFacts) -> bool:
    """Whether `facts.pid`, looked up now, is still that process: same boot, same namespace, same start."""
    return (
        facts.boot == machine_boot()
        and facts.pid_namespace == pid_namespace()
        and facts.started != 0
        and _started(facts.pid) == facts.started
    )


def is_stopped(facts: ProcessFacts) -> bool:
    """Whether the process is in state T (SIGSTOP, Ctrl-Z) or t (a debugger)."""
    return is_same_process(facts) and _stat(facts.pid)[:1] in (["T"], ["t"])


def kill_group(facts: ProcessFacts) -> None:
    """SIGKILL to the process group that the process leads, if it is still that process."""
    if is_same_process(facts):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(facts.pid, signal.SIGKILL)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name, which may hold blanks and brackets."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def _started(pid: int) -> int:
    """Clock ticks after boot (field 22)."""
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else 0
