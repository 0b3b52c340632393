"""Stand in for decoders that go wrong; they run in a child process, which has little to load for them."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from spacedrive_ops.media.decoding import Limits, NotDecoded, opened

MIB = 1 << 20


def harm(path: bytes, _limits: Limits, *_: object) -> list[tuple[int, bytes]]:
    """By the last word of the file's name."""
    match os.path.basename(path).split(b" ")[-1]:
        case b"spins.png":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # C code hears no signal either
            while True:
                pass
        case b"dies.png":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"eats.png":
            _eat(Path(os.fsdecode(path)).with_suffix(".eaten"))
        case b"starts.png":
            started = subprocess.Popen(["sleep", "1000"])
            Path(os.fsdecode(path)).with_suffix(".pid").write_text(str(started.pid))
            started.wait()
    raise NotDecoded("was stubbed")


def _eat(report: Path) -> None:
    held = list[bytes]()
    try:
        while True:
            held.append(bytes(10 * MIB))
    except MemoryError:
        eaten = len(held) * 10
        held.clear()
        report.write_text(str(eaten))
        raise


def bounded_harm(path: bytes, limits: Limits, *_: object) -> list[tuple[int, bytes]]:
    """The same within the limits that real ones have."""
    with opened(path, limits):
        return harm(path, limits)
