"""`library.db`: the application's tables, and beside them what lets rows and jobs never disagree.

One connection writes, on a thread of its own, and whoever has the turn uses it; another reads. The two databases are
never attached to each other: a WAL transaction over two files is not atomic (https://sqlite.org/lang_attach.html).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import apsw
import msgspec

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import AttemptEnded, LibraryNotWritable, LibraryTooNew, NoSpace, NotALibrary
from spacedrive_jobs._model.transition import Checkpoint, Claim, NewJob
from spacedrive_jobs._store.connection import Durability, connect, set_synchronous
from spacedrive_jobs._store.filesystem import printable
from spacedrive_jobs._store.holder import write_lock_holder
from spacedrive_jobs._store.lane import Outcome, Sink, deliver
from spacedrive_jobs._store.reader import ConnectionThread, Reader, StoreClosed
from spacedrive_jobs._store.rights import is_denied
from spacedrive_jobs._store.space import is_no_space
from spacedrive_jobs._store.sql import query

T = TypeVar("T")

SqlValue: TypeAlias = None | int | float | str | bytes

LIBRARY_DATABASE: Final = "library.db"
SCHEMA: Final = 1
NAPS: Final = (0.0002, 0.001, 0.005, 0.01)
NAME_HOLDER_AFTER: Final = 500
"""Tries, of about ten ms each."""

_log = logging.getLogger("spacedrive_jobs")
_encode_job: Final = msgspec.msgpack.Encoder().encode
_decode_job: Final = msgspec.msgpack.Decoder(NewJob).decode


class Outgoing(NamedTuple):
    """A job in the outbox, and the runner whose it is to relay."""

    job: NewJob
    runner: bytes


class LibraryFile:
    """Thread-safe. Nothing is opened before it is needed; `exists` tells whether there is anything to look at."""

    def __init__(self, path: Path, *, durability: Durability, vfs: str | None = None) -> None:
        self.path = path
        self._durability: Durability = durability
        self._alone = vfs is not None  # such a VFS has no shared memory, so all share one connection
        self._connect = partial(connect, path, durability=durability, create=True, vfs=vfs)
        self._writer = ConnectionThread(self._open, "library-writer")
        self._reader = Reader(lambda: _read_only(self._open()), "library-reader")
        self._started: set[ConnectionThread] = set()
        self._lock = threading.Lock()
        self._turns: deque[Outcome[None]] = deque()
        self._abandon = threading.Event()

    def exists(self) -> bool:
        return self.path.exists()

    def close(self) -> None:
        """An open transaction is rolled back; one that waits for another process's lock waits no longer."""
        self._abandon.set()
        with self._lock:
            started, self._started = self._started, set[ConnectionThread]()
            waiting, self._turns = list(self._turns)[1:], deque()
        for outcome in waiting:
            outcome.error = StoreClosed()
        deliver(waiting)
        for thread in started:
            thread.close()

    # --- the turn -----------------------------------------------------------------------------------------------------

    def wait_for_turn(self, sink: Sink) -> Outcome[None]:
        """Resolve `sink` when the writing connection is the caller's. Each turn ends with `end_turn`."""
        outcome: Outcome[None] = Outcome(sink)
        with self._lock:
            if self._abandon.is_set():
                raise StoreClosed
            self._turns.append(outcome)
            first = len(self._turns) == 1
        if first:
            deliver([outcome])
        return outcome

    def end_turn(self, turn: Outcome[None]) -> None:
        """Give the turn to the next in line; or leave the line, where it had not come yet."""
        with self._lock:
            if turn not in self._turns:
                return
            had_it = self._turns[0] is turn
            self._turns.remove(turn)
            following = self._turns[0] if had_it and self._turns else None
        if following is not None:
            deliver([following])

    def give_up(self, turn: Outcome[None]) -> None:
        """End a turn whose BEGIN may still be waiting for another process: what comes of it is rolled back first.

        The writing thread does one thing after the other, so the roll-back finds what the BEGIN left. Until then the
        turn is nobody else's, and a later `end_turn` by its owner does nothing.
        """
        with self._lock:
            if turn not in self._turns:
                return
            stand_in: Outcome[None] = Outcome(None)
            self._turns[self._turns.index(turn)] = stand_in
        rolled_back: concurrent.futures.Future[None] = concurrent.futures.Future()
        rolled_back.add_done_callback(lambda _: self.end_turn(stand_in))
        try:
            self.use(roll_back, rolled_back)
        except StoreClosed:
            self.end_turn(stand_in)

    # --- the two ways in ----------------------------------------------------------------------------------------------

    def use(self, run: Callable[[apsw.Connection], Any], sink: Sink) -> None:
        """Run something on the writing connection; only who has the turn may."""
        self._submit(self._writer, run, sink)

    def read(self, run: Callable[[apsw.Connection], Any], sink: Sink) -> None:
        """Run something on the reading connection: it sees what is committed."""
        if not self._alone:
            self._submit(self._reader, run, sink)
        else:
            self._submit(self._writer, run, sink)

    def _submit(self, thread: ConnectionThread, run: Callable[[apsw.Connection], Any], sink: Sink) -> None:
        with self._lock:
            if self._abandon.is_set():
                raise StoreClosed
            if thread not in self._started:
                self._started.add(thread)
                thread.start()
        thread.submit(lambda connection: self._in_words(run, connection), sink)

    def _in_words(self, run: Callable[[apsw.Connection], T], connection: apsw.Connection) -> T:
        try:
            return run(connection)
        except (apsw.Error, OSError) as error:
            if is_no_space(error):
                raise NoSpace(self.path) from error
            if isinstance(error, apsw.BusyError) and self._abandon.is_set():
                raise StoreClosed from error
            raise

    def _open(self) -> apsw.Connection:
        try:
            return self._created(self._connect())
        except apsw.Error as error:
            if is_denied(error, self.path.parent):
                raise LibraryNotWritable(self.path.parent) from error
            raise

    def _created(self, connection: apsw.Connection) -> apsw.Connection:
        connection.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_busy_handler(self._wait)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(query("library_schema"))
            found: Any = connection.execute(query("library_version")).fetchone()
            if found[0] > SCHEMA:
                raise LibraryTooNew(self.path, found[0], SCHEMA)
            connection.execute("COMMIT")
        except apsw.NotADBError as error:
            raise NotALibrary(self.path) from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _wait(self, tries: int) -> bool:
        """Another process holds the lock: waited out, so that no caller ever meets it."""
        if tries == NAME_HOLDER_AFTER:
            _log.warning("%s is held by %s: waiting", printable(self.path), write_lock_holder(self.path))
        return not self._abandon.wait(NAPS[min(tries, len(NAPS) - 1)])

    async def while_held(self, run: Callable[[], T]) -> T:
        """Run something while nobody, in any process, can write here; it must be quick."""
        return await self._in_turn(lambda connection: self._hold(connection, run))

    def _hold(self, connection: apsw.Connection, run: Callable[[], T]) -> T:
        try:
            begin(connection)
            return run()
        finally:
            roll_back(connection)

    # --- what the engine does there -----------------------------------------------------------------------------------

    async def raise_fence(self, claim: Claim) -> None:
        """From here on no older attempt of the job commits. Raises AttemptEnded if a newer one has been here."""
        await self._in_turn(lambda connection: self._raise_fence(connection, claim))

    def raise_fence_blocking(self, claim: Claim) -> None:
        """As `raise_fence`, from a thread."""
        sink: concurrent.futures.Future[Any] = concurrent.futures.Future()
        turn = self.wait_for_turn(sink)
        try:
            sink.result()
            done: concurrent.futures.Future[Any] = concurrent.futures.Future()
            self.use(lambda connection: self._raise_fence(connection, claim), done)
            done.result()
        finally:
            self.end_turn(turn)

    async def entered(self, job: bytes) -> bool:
        """Has any attempt of the job been here?"""
        return await self._read(lambda connection: bool(_fence(connection, job)))

    async def read_state(self, job: bytes) -> Checkpoint | None:
        """The state that was stored with rows, if there is one."""
        return await self._read(lambda connection: _read_state(connection, job))

    async def read_outbox(self) -> list[Outgoing]:
        return await self._read(_read_outbox)

    async def known_jobs(self) -> list[bytes]:
        """Those that have a fence or a state here."""
        return await self._read(lambda connection: _ids(connection, "library_known_jobs"))

    async def empty_outbox(self, jobs: Iterable[bytes]) -> None:
        """What was relayed. Not synced: the relay is idempotent."""
        await self._in_turn(lambda connection: self._delete_relayed(connection, list(jobs)))

    async def forget(self, jobs: Iterable[bytes], *, states_of: Iterable[bytes] = ()) -> None:
        """Jobs that have ended: no attempt of theirs commits any more. `states_of`: whose states go as well."""
        await self._in_turn(lambda connection: self._forget(connection, list(jobs), list(states_of)))

    def _raise_fence(self, connection: apsw.Connection, claim: Claim) -> None:
        """A power cut that takes the fence back takes every older attempt with it."""
        with self._without_sync(connection):
            connection.execute(query("library_raise_fence"), (claim.job.bytes, claim.attempt))
            attempt = _fence(connection, claim.job.bytes)
        if attempt != claim.attempt:
            raise AttemptEnded(claim.job, claim.attempt)
        failpoint.hit("library.fenced")

    async def delete_relayed(self, jobs: Sequence[bytes]) -> None:
        """`empty_outbox`, by who has the turn."""
        deleted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.use(lambda connection: self._delete_relayed(connection, jobs), deleted)
        await deleted

    def _delete_relayed(self, connection: apsw.Connection, jobs: Sequence[bytes]) -> None:
        self._unsynced(connection, [("library_delete_outbox", job) for job in jobs])

    def _forget(self, connection: apsw.Connection, jobs: list[bytes], states_of: list[bytes]) -> None:
        states = [("library_delete_state", job) for job in states_of]
        self._unsynced(connection, [*states, *(("library_delete_fence", job) for job in jobs)])

    def _unsynced(self, connection: apsw.Connection, statements: list[tuple[str, bytes]]) -> None:
        with self._without_sync(connection):
            for name, job in statements:
                connection.execute(query(name), (job,))

    @contextmanager
    def _without_sync(self, connection: apsw.Connection) -> Generator[None]:
        """A transaction that a power cut may take back; other processes see it at once."""
        set_synchronous(connection, "normal")
        try:
            begin(connection)
            yield
            connection.execute("COMMIT")
        finally:
            roll_back(connection)
            set_synchronous(connection, self._durability)

    async def _in_turn(self, run: Callable[[apsw.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        turn = self.wait_for_turn(mine)
        try:
            await mine
            done: asyncio.Future[T] = loop.create_future()
            self.use(run, done)
            return await done
        finally:
            self.end_turn(turn)

    async def _read(self, run: Callable[[apsw.Connection], T]) -> T:
        found: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.read(run, found)
        return await found


# --- on the writing connection, by who has the turn -------------------------------------------------------------------


def begin(connection: apsw.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")


def execute(connection: apsw.Connection, sql: str, parameters: Sequence[SqlValue]) -> list[tuple[Any, ...]]:
    """Raises ValueError for a statement that would end the transaction, and what apsw raises for a wrong one."""
    _refuse_control(sql)
    rows = connection.execute(sql, tuple(parameters)).fetchall()
    _require_open(connection)
    return rows


def executemany(connection: apsw.Connection, sql: str, rows: Iterable[Sequence[SqlValue]]) -> None:
    _refuse_control(sql)
    connection.executemany(sql, (tuple(row) for row in rows))
    _require_open(connection)


def read_rows(connection: apsw.Connection, sql: str, parameters: Sequence[SqlValue]) -> list[tuple[Any, ...]]:
    return connection.execute(sql, tuple(parameters)).fetchall()


def add_to_outbox(connection: apsw.Connection, outgoing: Sequence[Outgoing]) -> None:
    rows = [(one.job.id, one.runner, _encode_job(one.job)) for one in outgoing]
    connection.executemany(query("library_insert_outbox"), rows)


def store_state(connection: apsw.Connection, job: bytes, checkpoint: Checkpoint) -> None:
    parameters: dict[str, SqlValue] = {
        "job": job,
        "seq": checkpoint.state_seq,
        "version": checkpoint.version,
        "state": checkpoint.state,
        "metrics": checkpoint.metrics,
        "items_seq": checkpoint.items_seq,
        "notes_seq": checkpoint.notes_seq,
    }
    connection.execute(query("library_store_state"), parameters)


def commit(connection: apsw.Connection, claim: Claim | None) -> None:
    """`claim`: whose transaction it is. Raises AttemptEnded, and all is undone, if that is not the newest any more."""
    try:
        if claim is not None and _fence(connection, claim.job.bytes) != claim.attempt:
            raise AttemptEnded(claim.job, claim.attempt)
        failpoint.hit("library.before_commit")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise
    failpoint.hit("library.committed")


def roll_back(connection: apsw.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _fence(connection: apsw.Connection, job: bytes) -> int | None:
    for (attempt,) in connection.execute(query("library_read_fence"), (job,)):
        return int(attempt)
    return None


def _read_state(connection: apsw.Connection, job: bytes) -> Checkpoint | None:
    for seq, version, state, metrics, items_seq, notes_seq in connection.execute(query("library_read_state"), (job,)):
        return Checkpoint(seq >> 32, version, state, metrics, items_seq, notes_seq, seq)
    return None


def _read_outbox(connection: apsw.Connection) -> list[Outgoing]:
    rows: list[tuple[Any, ...]] = connection.execute(query("library_list_outbox")).fetchall()
    return [Outgoing(_decode_job(row), runner) for _, runner, row in rows]


def _ids(connection: apsw.Connection, name: str) -> list[bytes]:
    return [id_ for (id_,) in connection.execute(query(name))]


def _read_only(connection: apsw.Connection) -> apsw.Connection:
    connection.pragma("query_only", True)
    return connection


def _refuse_control(sql: str) -> None:
    words = sql.split(None, 2)
    first = words[0].upper().rstrip(";") if words else ""
    if first in {"BEGIN", "COMMIT", "END"} or (first == "ROLLBACK" and "TO" not in sql.upper().split()):
        raise ValueError(f"{first} inside a transaction: leaving its block commits it, an error rolls it back")


def _require_open(connection: apsw.Connection) -> None:
    if not connection.in_transaction:
        raise ValueError("the statement ended the transaction; only leaving its block may")
