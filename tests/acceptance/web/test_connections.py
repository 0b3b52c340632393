"""Clients that connect and do not go on: they cost the server nothing that its jobs need."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from sdjobs.web import connections
from sdjobs.web.server import Address, PageServer, listen
from spacedrive_jobs import Library
from tests.acceptance.cli.conftest import SAMPLES
from tests.acceptance.web.conftest import FULL, Server, mounted

pytestmark = pytest.mark.timeout(60)

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: loc"
HALF_A_BODY = (
    b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
)
EVENTS = f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {FULL}\r\n\r\n".encode()


@pytest.fixture
def many() -> Iterator[None]:
    """This process may open more than the server may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many")
def test_a_flood_of_halves_stops_neither_jobs_nor_pages(serve: Server) -> None:
    limited = ("prlimit", "--nofile=1024:1024")
    started = serve.cli.start("--import", SAMPLES, "serve", "--port", "0", "--json", prefix=limited)
    started.says('"ready"')
    url = started.records()[0]["url"].removeprefix("http://")
    host, port = url.split(":")
    with ExitStack() as stack:
        for _ in range(1_100):
            half = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
            half.sendall(HALF_A_HEADER)
        assert len(list(Path(f"/proc/{started.process.pid}/fd").iterdir())) < 400
        with closing(HTTPConnection(url, timeout=10)) as page:
            page.request("GET", "/login")
            assert page.getresponse().status == 200
        done = serve.cli.run("--import", SAMPLES, "run", "example.steps", "--total", "1")
        assert done.returncode == 0, done
    assert started.err == ""


@pytest.mark.parametrize("half", [b"", HALF_A_HEADER, HALF_A_BODY])
async def test_who_does_not_go_on_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: bytes) -> None:
    """And not one who listens to events, which is silent by nature."""
    monkeypatch.setattr(connections, "PATIENCE", 0.3)
    address = Address(host="127.0.0.1", port=0)
    async with Library.open(tmp_path, create=True, runs="none") as library:
        here = mounted(library)
        with listen(address) as listener:
            server = PageServer(here.app, address)
            async with asyncio.TaskGroup() as group:
                group.create_task(server.serve(listener))
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(half)
                listening, asking = await asyncio.open_connection(*listener.getsockname())
                asking.write(EVENTS)
                assert (await listening.readline()).startswith(b"HTTP/1.1 200")
                with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                    await asyncio.wait_for(reader.readexactly(1), 10)
                await here.post("/api/queue/pause", {"reason": "at night"})
                await asyncio.wait_for(listening.readuntil(b"event: changed"), 10)
                server.stop()
            for one in (writer, asking):
                one.close()
        await here.client.aclose()


async def test_asyncio_is_told_once_that_there_is_no_descriptor() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with listen(Address(host="127.0.0.1", port=0)) as listener, socket.socket() as client:
        listener.setblocking(False)
        client.connect(listener.getsockname())
        lowest = client.fileno() + 1
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
            with pytest.raises(OSError, match="Too many open files"):
                listener.accept()
            with pytest.raises(BlockingIOError):
                listener.accept()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        accepted, _ = listener.accept()
        accepted.close()
