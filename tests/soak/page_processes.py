"""The processes of the page storm: a server that comes back at its port, a worker, and the browser's renderers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.acceptance.page.conftest import JOBS, TOKEN
from tests.waiting import eventually

PROGRAM = [sys.executable, "-m", "tests.soak.turned_clock"]


class Process:
    """One command on the library, started again and again. What it says is in `folder`, for whoever looks for a bug."""

    def __init__(self, folder: Path, clock: Path, name: str) -> None:
        self._clock, self._out, self._name = clock, folder / f"{name}.out", name
        self._process: subprocess.Popen[bytes] | None = None
        self._library = folder / "library"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *words: str) -> None:
        """And wait until it says that it is ready."""
        command = [*PROGRAM, str(self._clock), "--import", JOBS, "--library", str(self._library), "--json", *words]
        with self._out.open("wb") as out, self._out.with_suffix(".err").open("ab") as err:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        eventually(self._says_something, within=60, every=0.02, what=f"{self._name} is ready")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """For a while."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.go_on()
            self._end(signal.SIGTERM)

    def _says_something(self) -> bool:
        return b"\n" in self._out.read_bytes()

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(60)


class Renderers:
    """Those of the browser that this process has started, and no other's."""

    def stop(self) -> None:
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        for pid in descendants(os.getpid()):
            if b"--type=renderer" in _command_of(pid):
                os.kill(pid, number)


def descendants(pid: int) -> list[int]:
    """Children, and theirs."""
    children: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        children += map(int, _text_of(file).split())
    return children + [below for child in children for below in descendants(child)]


def _command_of(pid: int) -> bytes:
    return _text_of(Path(f"/proc/{pid}/cmdline")).encode()


def _text_of(file: Path) -> str:
    """Nothing of a process that has ended."""
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def silent_client(port: int) -> socket.socket:
    """Asks for the events, and reads none."""
    client = socket.create_connection(("127.0.0.1", port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    return client
