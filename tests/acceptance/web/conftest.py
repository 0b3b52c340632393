"""`sdjobs serve` as people start it, and the same application without a process around it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from sdjobs.web import Tokens, WebApp, create_app
from spacedrive_jobs import Library
from tests.acceptance.cli.conftest import SAMPLES, Cli, Started
from tests.acceptance.web import web_jobs
from tests.acceptance.web.event_stream import EventStream

FULL = "full-token-of-these-tests, as long as those made"
READ = "read-token-of-these-tests, as long as those made"
TOKENS = Tokens(FULL, READ)
KINDS = web_jobs.__name__
"""The kinds that these tests dispatch by name; imported here, so that they are registered."""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Served:
    """A running server on a library of the test's own."""

    cli: Cli
    started: Started
    url: str
    login_url: str
    full: str
    read: str
    streams: list[EventStream] = field(default_factory=list[EventStream])

    def stream(self, *, last: int | None = None, token: str = "", cookie: httpx.Cookies | None = None) -> EventStream:
        """Follow the events, with the full token unless told otherwise; cut off at the end of the test."""
        pairs = "" if cookie is None else "; ".join(f"{name}={value}" for name, value in cookie.items())
        stream = EventStream(self.url, token or self.full, last=last, cookie=pairs)
        self.streams.append(stream)
        return stream

    def client(self, token: str | None = "", **options: Any) -> httpx.Client:
        """`token`: the full one unless given; None for none."""
        headers = {} if token is None else bearer(token or self.full)
        return httpx.Client(base_url=self.url, headers=headers, timeout=10, **options)

    @property
    def pid(self) -> int:
        return self.started.process.pid


class Server:
    """Starts servers on one library."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.served: list[Served] = []

    def __call__(self, *words: str) -> Served:
        """Start one, and wait until it says where it is."""
        started = self.cli.start("--import", SAMPLES, "serve", "--port", "0", "--json", *words)
        started.says('"ready"')
        (ready,) = started.records()
        tokens = json.loads((self.cli.library / "web-tokens.json").read_text())
        served = Served(self.cli, started, ready["url"], ready["login_url"], tokens["full"], tokens["read"])
        self.served.append(served)
        return served

    def close(self) -> None:
        for served in self.served:
            for stream in served.streams:
                stream.cut()
        self.cli.close()


async def make_library(path: Path) -> None:
    async with Library.open(path, create=True, runs="none"):
        pass


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Server]:
    server = Server(Cli(tmp_path))
    asyncio.run(make_library(server.cli.library))
    yield server
    server.close()


@pytest.fixture
def served(serve: Server) -> Served:
    return serve()


@dataclass
class Mounted:
    """The application in this process, over a real library that runs its jobs."""

    library: Library
    app: WebApp
    client: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> Any:
        found = await self.client.get(path, params=query)
        assert found.status_code == 200, found.text
        return found.json()

    async def post(self, path: str, body: object = None, *, status: int = 200) -> Any:
        found = await self.client.post(path, json=body) if body is not None else await self.client.post(path)
        assert found.status_code == status, found.text
        return found.json()


def mounted(library: Library, token: str = FULL, **options: Any) -> Mounted:
    app = create_app(library, tokens=TOKENS, **options)
    transport = httpx.ASGITransport(app=app)
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8765", headers=bearer(token))
    return Mounted(library, app, client)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Mounted]:
    root = tmp_path / "root"
    root.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        here = mounted(library, roots=[root])
        async with here.client:
            yield here
