"""What the tests call in child processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Never

from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._pool.child import Channel
from spacedrive_jobs._pool.interrupter import interrupt_requested, requested_of_this_process
from spacedrive_jobs._pool.stream import AsyncChannel


class Odd(Exception):
    """Cannot be rebuilt from its arguments, as many exceptions in the wild."""

    def __init__(self, number: int, *, why: str) -> None:
        super().__init__(f"{number}: {why}")


def add(left: int, right: int = 0) -> int:
    return left + right


def pid() -> int:
    return os.getpid()


def fail(message: str) -> Never:
    raise ValueError(message)


def fail_oddly() -> Never:
    raise Odd(3, why="it is")


def be_interrupted() -> Never:
    raise JobInterrupted(Interruption.PAUSE)


def leave() -> Never:
    raise SystemExit(7)


def exit_hard(code: int) -> Never:
    os._exit(code)


def die(signum: int) -> None:
    os.kill(os.getpid(), signum)


def unpicklable() -> object:
    return threading.Lock()


def leave_a_thread() -> None:
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def leave_a_thread_that_ends() -> None:
    threading.Timer(0.02, int).start()


def leave_a_process() -> int:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE).pid


def look_around() -> dict[str, object]:
    return {
        "path": list(sys.path),
        "main": sorted(vars(sys.modules["__main__"])),
        "sigint": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        "session": os.getsid(0) == os.getpid() == os.getpgid(0),
        "stdin": os.read(0, 1) == b"",
        "modules": sorted(sys.modules),
    }


def until_interrupted(ready: str) -> str:
    """Make the file `ready`, then spin until it should stop."""
    open(ready, "w").close()
    while not interrupt_requested():
        pass
    kind = requested_of_this_process()
    return "" if kind is None else kind.value


def spin(ready: str) -> None:
    """Make the file, then never listen to anybody: no signal handler gets its turn."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    open(ready, "w").close()
    while True:
        pass


def wait_for_ever(ready: str) -> None:
    """Make the file, then wait; at the end remove it."""
    try:
        open(ready, "w").close()
        threading.Event().wait()
    finally:
        os.unlink(ready)


def with_a_grandchild(ready: str) -> None:
    """Start a process that ignores SIGTERM, write its pid to the file, and wait."""
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    started = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()
    with open(f"{ready}.part", "w", encoding="ascii") as file:
        file.write(str(started.pid))
    os.rename(f"{ready}.part", ready)
    signal.pause()


TIDY = """
import os, signal, sys
def tidy(*_):
    signal.signal(signal.SIGALRM, lambda *_: (open(sys.argv[1], "w").close(), os._exit(0)))
    signal.setitimer(signal.ITIMER_REAL, 0.1)
signal.signal(signal.SIGTERM, tidy)
print(flush=True)
while True:
    signal.pause()
"""


def with_a_tidy_grandchild(ready: str, tidied: str) -> None:
    """Start a process that, at SIGTERM, takes its time and then makes the file `tidied`; make `ready`, and wait."""
    started = subprocess.Popen([sys.executable, "-c", TIDY, tidied], stdout=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()
    open(ready, "w").close()
    signal.pause()


# Entries: functions of a channel and a payload.


def echo(channel: Channel, payload: bytes) -> bytes:
    """Send back what comes until it is empty; return the payload."""
    while message := channel.recv():
        channel.send(message)
    return payload


async def _echo(channel: Channel) -> None:
    async with AsyncChannel(channel) as wire:
        while message := await wire.recv():
            await wire.send(message, wire.take_fds())


def echo_in_a_loop(channel: Channel, payload: bytes) -> None:
    """As `echo`, from an event loop."""
    import asyncio

    asyncio.run(_echo(channel))


def flood(channel: Channel, payload: bytes) -> None:
    """Send many messages that nobody asked for."""
    for number in range(int(payload)):
        channel.send(str(number).encode())


def read_descriptors(channel: Channel, payload: bytes) -> bytes:
    """What is in the files that came with the call."""
    read: list[bytes] = []
    for fd in channel.take_fds():
        with open(fd, "rb") as file:
            read.append(file.read())
    return b",".join(read)


def send_a_descriptor(channel: Channel, payload: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, payload)
    os.close(writing)
    channel.send(b"here", [reading])
    os.close(reading)


def count_descriptors(channel: Channel, payload: bytes) -> bytes:
    return str(len(os.listdir("/proc/self/fd"))).encode()


def nothing(channel: Channel, payload: bytes) -> None:
    return None


def spoil_the_wire(channel: Channel, payload: bytes) -> None:
    """End the pipe but not the process."""
    channel.sock.shutdown(socket.SHUT_RDWR)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Event().wait()
