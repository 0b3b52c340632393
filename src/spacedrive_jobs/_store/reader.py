"""A connection on a thread of its own; and reads on one: WAL readers never wait for the writer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import apsw

from spacedrive_jobs._store.lane import Outcome, Sink, deliver

T = TypeVar("T")

GROUP: Final = 200

ReadFunction = Callable[[apsw.Connection], T]


class StoreClosed(RuntimeError):
    """The library was closed."""

    def __init__(self) -> None:
        super().__init__("the library has been closed")


class ConnectionThread:
    """Runs functions of a connection, in order.

    Results of a group are delivered in one wake-up of the loop.
    """

    def __init__(self, connect: Callable[[], apsw.Connection], name: str) -> None:
        self._connect = connect
        self._calls: SimpleQueue[tuple[ReadFunction[Any], Outcome[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._closed = False

    def start(self) -> Future[None]:
        """The result comes when the connection is open: later there may be no file descriptor for it. Raises then what
        opening raises."""
        self._thread.start()
        opened: Future[None] = Future()
        self.submit(lambda _: None, opened)
        return opened

    def close(self) -> None:
        """Finish what was submitted, close the connection, end the thread."""
        self._closed = True
        self._calls.put(None)
        self._thread.join()

    def submit(self, read: ReadFunction[Any], sink: Sink) -> None:
        """Raises StoreClosed after `close`: nobody would answer."""
        if self._closed:
            raise StoreClosed
        self._calls.put((read, Outcome(sink)))

    def _run(self) -> None:
        connection: apsw.Connection | None = None
        open_ = True
        while open_:
            group, open_ = self._next_group()
            for read, outcome in group:
                try:
                    if connection is None:
                        connection = self._connect()
                    outcome.result = self._call(read, connection)
                except BaseException as error:  # belongs to the caller, whatever it is
                    outcome.error = error
            deliver(outcome for _, outcome in group)
        if connection is not None:
            connection.close()

    def _call(self, run: ReadFunction[T], connection: apsw.Connection) -> T:
        return run(connection)

    def _next_group(self) -> tuple[list[tuple[ReadFunction[Any], Outcome[Any]]], bool]:
        call = self._calls.get()
        group: list[tuple[ReadFunction[Any], Outcome[Any]]] = []
        try:
            while call is not None:
                group.append(call)
                if len(group) == GROUP:
                    return group, True
                call = self._calls.get_nowait()
        except Empty:
            return group, True
        return group, False


class Reader(ConnectionThread):
    """Each read sees one snapshot, however many statements it takes: an event and the row it is about, or neither."""

    def _call(self, run: ReadFunction[T], connection: apsw.Connection) -> T:
        connection.execute("BEGIN")
        try:
            return run(connection)
        finally:
            connection.execute("COMMIT")
