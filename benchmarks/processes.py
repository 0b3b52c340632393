"""Other processes of a measurement: runners and dispatchers that the probe starts, talks to and kills."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import rest

ROOT = Path(__file__).parent.parent


class Actor:
    """`python -m benchmarks.actor NAME FOLDER ARGUMENT`, which answers in lines of JSON."""

    def __init__(self, name: str, folder: Path, argument: int = 0) -> None:
        self.started_ns = time.monotonic_ns()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.actor", name, str(folder), str(argument)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def answer(self) -> Any:
        """The next line that it prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended with {self.process.wait()}")
        return json.loads(line)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Close its standard input, on which it leaves in order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def actor(name: str, folder: Path, argument: int = 0) -> Iterator[Actor]:
    """An actor that has said it is ready; it is gone afterwards."""
    started = Actor(name, folder, argument)
    try:
        started.answer()
        yield started
    finally:
        if started.process.poll() is None:
            started.kill()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came of it in {seconds:.0f} s")
        rest(0.001)
