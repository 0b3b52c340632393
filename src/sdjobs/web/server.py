"""Serving the application: a socket of our own, and uvicorn on it in the loop that runs the jobs."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from sdjobs.web.app import WebApp
from sdjobs.web.connections import Connection, Listener, raise_limit
from sdjobs.web.heads import Heads

GRACE: Final = 3
"""Seconds that requests get when the server stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen, and how it is called. `certificate` and `key` are PEM files for TLS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.certificate is not None else "http"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def listen(address: Address) -> Listener:
    """Raises OSError where the port is taken, or the host is none of this machine's."""
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, place = found[0]
    raise_limit()
    listener = Listener(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(socket.SOMAXCONN)
    except BaseException:
        listener.close()
        raise
    return listener


def url_of(address: Address, listener: socket.socket) -> str:
    """What to open on this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"{address.scheme}://{shown}:{port}"


class PageServer:
    """uvicorn, which leaves the signals to whoever runs it."""

    def __init__(self, app: WebApp, address: Address) -> None:
        self._app = app
        config = uvicorn.Config(
            Heads(app),
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            http=Connection,
            ssl_certfile=address.certificate,
            ssl_keyfile=address.key,
            timeout_graceful_shutdown=GRACE,
        )
        self._server = _Quiet(config)

    async def serve(self, listener: socket.socket) -> None:
        """Until `stop`."""
        if isinstance(listener, Listener):
            listener.connections = self._server.server_state.connections
            self._server.listener = listener
        await self._server.serve(sockets=[listener])

    def stop(self) -> None:
        self._app.close()
        self._server.should_exit = True


class _Quiet(uvicorn.Server):
    listener: Listener | None = None

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self.listener is not None and counter % 10 == 0:
            self.listener.look()
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
