"""What the machine and Python allow: an fsync, a round trip over a pipe, a call in an executor, an encoding."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time

import msgspec

from benchmarks.measure import microseconds_each, rate
from benchmarks.model import Figures, Ground

ECHO = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
while message := channel.recv(65536):
    channel.sendall(message)
"""


class Record(msgspec.Struct):
    """Ten fields, as a row of a job has."""

    id: bytes = b"i" * 16
    kind: str = "files.copy"
    status: str = "queued"
    priority: int = 0
    attempt: int = 1
    created_ms: int = 1_790_000_000_000
    due_ms: int | None = None
    parent: bytes | None = None
    arguments: bytes = b"a" * 120
    reason: str = ""


def fsync(ground: Ground) -> Figures:
    """Appends of 4 KiB, each waited for."""
    count = ground.scale.pick(200, 1_000)
    block = b"b" * 4096
    with (ground.folder / "appended").open("ab", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(count):
            file.write(block)
            os.fsync(file.fileno())
        return {"ms": (time.perf_counter() - start) / count * 1e3}


def pipe_round_trips(ground: Ground) -> Figures:
    """A message of 100 bytes to a child that sends it back, one at a time."""
    count = ground.scale.pick(3_000, 20_000)
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-I", "-c", ECHO, str(theirs.fileno())]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()]) as child:
        theirs.close()
        message = b"m" * 100

        def exchange() -> None:
            for _ in range(count):
                ours.sendall(message)
                ours.recv(65536)

        exchange()
        per_second = rate(count, exchange)
        ours.close()
        child.wait()
    return {"per_second": per_second}


async def executor_round_trips(ground: Ground) -> Figures:
    """asyncio's own `run_in_executor`, one at a time."""
    count = ground.scale.pick(2_000, 10_000)
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    for _ in range(count):
        await loop.run_in_executor(None, int)
    return {"per_second": count / (time.perf_counter() - start)}


async def asyncio_tasks(ground: Ground) -> Figures:
    """Tasks that do nothing, a thousand at a time."""
    rounds = ground.scale.pick(20, 100)

    async def nothing() -> None:
        pass

    start = time.perf_counter()
    for _ in range(rounds):
        async with asyncio.TaskGroup() as group:
            for _ in range(1_000):
                group.create_task(nothing())
    return {"per_second": rounds * 1_000 / (time.perf_counter() - start)}


def encoding(ground: Ground) -> Figures:
    count = ground.scale.pick(100_000, 500_000)
    record = Record()
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Record).decode
    data = encode(record)
    return {
        "encode_us": microseconds_each(count, lambda: encode(record)),
        "decode_us": microseconds_each(count, lambda: decode(data)),
    }
