"""Runs one program in a process group of its own, and ends that group when told to, or when its own parent dies.

    python -IS supervisor.py PIPE NICENESS PROGRAM ARGUMENT...

PIPE is the reading end of a pipe whose writing end its parent holds: when that is closed, by whatever end the parent
comes to, the group is killed. Imports nothing but the standard library; has one thread only, so that the program's
death signal follows this process. Ends as the program did.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def main(pipe: int, niceness: int, program: list[str]) -> int:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.set_inheritable(pipe, False)
    supervisor = os.getpid()
    _give_way(niceness)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(1)
        try:
            os.execvp(program[0], program)
        except OSError as error:
            os.write(2, f"{program[0]}: {error.strerror}\n".encode())
            os._exit(127)
    try:
        os.setpgid(pid, pid)  # by both: neither knows who comes first
    except OSError:
        pass  # it has done so and runs
    _wait(pid, pipe)
    _kill_group(pid)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    _kill_group(pid)  # until it is reaped its number, and so its group's, is nobody else's
    _, status = os.waitpid(pid, 0)
    _kill_orphans()
    return os.waitstatus_to_exitcode(status)


def _give_way(niceness: int) -> None:
    """Be nice to other programs. Linux shares processors among sessions first: where this process leads one, the
    program's niceness within it says nothing to others, so the session's is set too (sched(7))."""
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        try:
            with open("/proc/self/autogroup", "w") as group:
                group.write(str(niceness))
        except OSError:
            pass  # this kernel has no such groups


def _wait(pid: int, pipe: int) -> None:
    """Until the program has ended or the pipe has."""
    poll = select.poll()
    poll.register(os.pidfd_open(pid), select.POLLIN)
    poll.register(pipe, select.POLLIN | select.POLLHUP)
    poll.poll()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nothing of it is left; or it has not made its group yet, and ends with its parent


def _kill_orphans() -> None:
    """What left the group and lost its parent is ours now."""
    me = os.getpid()
    while True:
        try:
            with open(f"/proc/self/task/{me}/children", encoding="ascii") as listed:
                children = [int(child) for child in listed.read().split()]
        except OSError:
            return
        if not children:
            return
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


if __name__ == "__main__":
    code = main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    sys.exit(code)
