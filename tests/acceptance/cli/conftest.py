"""`sdjobs` as people start it: a real process, in a pipe or on a terminal of its own."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sdjobs.describe import job_json
from spacedrive_jobs import Library
from tests.acceptance.cli.terminal import Terminal
from tests.acceptance.cli.whole_screen import WholeScreen
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]
SAMPLES = "tests.acceptance.cli.sample_jobs"
SDJOBS = [sys.executable, "-m", "sdjobs"]


class Started:
    """A command that runs, its output in files. `lines()` is what it has printed so far."""

    def __init__(self, words: list[str], environment: dict[str, str], folder: Path, **options: Any) -> None:
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, **{"cwd": ROOT, **options}
            )

    @property
    def out(self) -> str:
        return self._out.read_bytes().decode()

    @property
    def err(self) -> str:
        return self._err.read_bytes().decode()

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def records(self) -> list[dict[str, Any]]:
        """What was printed with --json, whole lines only."""
        return [json.loads(line) for line in self.out.splitlines(keepends=True) if line.endswith("\n")]

    def says(self, words: str) -> None:
        """Wait until `words` were printed."""
        eventually(lambda: words in self.out or words in self.err, what=f"{words!r} in {self.out!r} {self.err!r}")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        """Wait for its end; the exit code. One that does not end says where it is."""
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"it did not end; its last words:\n{self.out[-500:]}\n{self.err}") from None

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Cli:
    """Commands on one library of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = folder / "library"
        not_ours = ("NO_COLOR", "LC_ALL", "COLUMNS", "LINES")  # the terminals of the tests have a size of their own
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in not_ours},
            "SDJOBS_LIBRARY": str(self.library),
            "HOME": str(folder / "home"),
            "XDG_DATA_HOME": str(folder / "data"),
            "LANG": "C.UTF-8",
            "PYTHONFAULTHANDLER": "1",
            "TERM": "xterm-256color",
            "PYTHONWARNINGS": "ignore" if sys.flags.dev_mode else "",
        }
        self._started: list[Started | Terminal] = []

    def run(self, *words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
        """To its end. Output is decoded as it is: nothing but UTF-8 may come."""
        return subprocess.run(
            [*SDJOBS, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            env={**self.environment, **environment},
            cwd=cwd,
            timeout=15,
            check=False,
        )

    def json(self, *words: str) -> Any:
        """The one document that a command prints with --json."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def start(self, *words: str, prefix: tuple[str, ...] = (), **options: Any) -> Started:
        folder = self.folder / f"started-{len(self._started)}"
        folder.mkdir()
        started = Started([*prefix, *SDJOBS, *words], self.environment, folder, **options)
        self._started.append(started)
        return started

    def terminal(self, *words: str, columns: int = 80, rows: int = 24, **environment: str) -> Terminal:
        return self._terminal([*SDJOBS, *words], environment, columns, rows)

    def whole_screen(self, *words: str, columns: int = 100, rows: int = 30, **environment: str) -> WholeScreen:
        """A terminal for a command that takes all of it."""
        screen = WholeScreen(
            [*SDJOBS, *words], {**self.environment, **environment}, cwd=ROOT, columns=columns, rows=rows
        )
        self._started.append(screen)
        return screen

    def shell(self) -> Terminal:
        """An interactive shell that itself writes nothing but text; `$SDJOBS` is the command."""
        environment = {"TERM": "dumb", "PS1": "$ ", "SDJOBS": shlex.join(SDJOBS)}
        return self._terminal(["/bin/bash", "--norc", "--noprofile", "-i"], environment, columns=200, rows=24)

    def shell_on_whole_screen(self) -> WholeScreen:
        """As `shell`, for commands that take the whole screen."""
        environment = {**self.environment, "PS1": "$ ", "SDJOBS": shlex.join(SDJOBS)}
        shell = ["/bin/bash", "--norc", "--noprofile", "-i"]
        screen = WholeScreen(shell, environment, cwd=ROOT, columns=100, rows=30)
        self._started.append(screen)
        return screen

    def _terminal(self, words: list[str], environment: dict[str, str], columns: int, rows: int) -> Terminal:
        terminal = Terminal(words, {**self.environment, **environment}, cwd=ROOT, columns=columns, rows=rows)
        self._started.append(terminal)
        return terminal

    def gate(self, allowed: int = 0) -> Gate:
        return Gate(self.folder / f"gate-{len(list(self.folder.glob('gate-*')))}", allowed)

    def jobs(self) -> list[dict[str, Any]]:
        """As `jobs list --json` has them, without a process for it: asked again and again while something is waited
        for."""
        with Library.open_blocking(self.library, runs="none") as library:
            return [job_json(info) for info in library.jobs.list().rows]

    def only_job(self) -> dict[str, Any]:
        (job,) = self.jobs()
        return job

    def close(self) -> None:
        for started in self._started:
            started.close()


class Gate:
    """How far a job may go."""

    def __init__(self, path: Path, allowed: int) -> None:
        self.path = path
        self.allow(allowed)

    def allow(self, steps: int) -> None:
        waiting = self.path.with_suffix(".new")
        waiting.write_text(str(steps) if steps else "")
        waiting.replace(self.path)

    def __str__(self) -> str:
        return str(self.path)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """Commands on a library that is there already."""
    cli = Cli(tmp_path)
    # Not by `sdjobs init`, which has tests of its own: its process alone takes as long as many a test.
    with Library.open_blocking(cli.library, create=True, runs="none"):
        pass
    yield cli
    cli.close()


@pytest.fixture
def bare_cli(tmp_path: Path) -> Iterator[Cli]:
    """Commands without a library."""
    cli = Cli(tmp_path)
    del cli.environment["SDJOBS_LIBRARY"]
    yield cli
    cli.close()
