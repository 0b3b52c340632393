"""Connections of clients: how many may be open, and how long one may keep the server waiting.

uvicorn bounds requests, not connections, and waits for ever for the rest of a header or a body. A client without a
token must not be able to use up the file descriptors of a process that runs jobs.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import time
from collections.abc import Iterable
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST: Final = 512
SHARE: Final = 4
"""Of this process's file descriptors the connections may use one in so many."""
DESCRIPTORS: Final = 4_096
"""As many are asked for at the start. Not all that may be had: programs that jobs start inherit the limit."""
PATIENCE: Final = 20.0
"""Seconds that a client may take for the header of a request, for its body, for a TLS handshake, or to take the end of
an answer."""
SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log = logging.getLogger("sdjobs.web")


def raise_limit() -> None:
    """Let this process open more files, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_connections() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(1, min(MOST, soft // SHARE))


class Connection(H11Protocol):
    """One that knows since when the server waits for its client."""

    since = 0.0
    _phase: tuple[object, ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.look()

    @property
    def waits(self) -> bool:
        """For its client, and not the client for an answer."""
        return self.transport.is_closing() or self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def look(self) -> None:
        """Whatever the client sends in a phase, the phase began when it began: byte by byte is no progress."""
        phase = (self.cycle, self.conn.their_state, self.transport.is_closing())
        if phase != self._phase:
            self._phase, self.since = phase, time.monotonic()


class Listener(socket.socket):
    """Accepts what there is room for. Where there is none, the client that has kept the server waiting for the longest
    loses its connection; where none keeps it waiting, the new one does."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.most = most_connections()
        self.connections: Iterable[Any] = ()
        """uvicorn's set of protocols, once it serves."""
        self._accepted: dict[socket.socket, float] = {}
        self._leaving: set[socket.socket] = set()
        self._lacking = False

    def accept(self) -> tuple[socket.socket, Any]:
        """Raises what makes asyncio look again: BlockingIOError at its next turn, where one is on its way out."""
        if self._lacking:  # asyncio was told a moment ago, and would log it for each place of its backlog
            self._lacking = False
            raise BlockingIOError
        refused = self._is_full() and not self._make_room()
        try:
            accepted, address = super().accept()
        except OSError as error:
            self._lacking = error.errno in SCARCE
            raise
        if refused:
            accepted.close()
            raise ConnectionAbortedError
        self._accepted[accepted] = time.monotonic()
        return accepted, address

    def _is_full(self) -> bool:
        self._accepted = {one: at for one, at in self._accepted.items() if one.fileno() >= 0}
        self._leaving &= self._accepted.keys()
        return len(self._accepted) >= self.most

    def _make_room(self) -> bool:
        """False where there will be none. Raises BlockingIOError where there will be some in a moment."""
        if not self._leaving:
            waiting = self._waiting()
            if not waiting:
                _log.warning("%d connections are open, and all in use: no more are accepted", self.most)
                return False
            self._cut(min(waiting, key=lambda one: waiting[one]))
        raise BlockingIOError

    def look(self) -> None:
        """Called every second or so: cut off who has kept the server waiting for too long."""
        late = time.monotonic() - PATIENCE
        for one, since in self._waiting().items():
            if since < late:
                self._cut(one)

    def _waiting(self) -> dict[socket.socket, float]:
        """Those whose clients keep the server waiting, since when; those in a handshake have no protocol yet."""
        protocols = {one.transport.get_extra_info("socket").fileno(): one for one in self.connections}
        found: dict[socket.socket, float] = {}
        for one, at in self._accepted.items():
            protocol: Connection | None = protocols.get(one.fileno())
            if protocol is None:
                if one.fileno() >= 0:
                    found[one] = at
                continue
            protocol.look()
            if protocol.waits:
                found[one] = protocol.since
        return found

    def _cut(self, one: socket.socket) -> None:
        """The transport closes it when it reads its end, and does not try to send what the client never took."""
        self._leaving.add(one)
        for protocol in self.connections:
            if protocol.transport.get_extra_info("socket").fileno() == one.fileno():
                protocol.transport.abort()
                return
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client was faster
