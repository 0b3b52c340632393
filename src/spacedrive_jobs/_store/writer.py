"""The one writer of a process: a thread that commits whatever waits as one transaction.

Each write runs in a savepoint of its own, so that one that fails takes nothing else with it; results are delivered
only after COMMIT. A full disk and a held lock are waited out here, so that no caller ever meets either by accident.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import NoSpace, StoreBusy
from spacedrive_jobs._store.connection import Durability, set_synchronous
from spacedrive_jobs._store.filesystem import printable
from spacedrive_jobs._store.holder import write_lock_holder
from spacedrive_jobs._store.lane import Outcome, Sink, deliver
from spacedrive_jobs._store.reader import StoreClosed
from spacedrive_jobs._store.space import Reserve, is_no_space
from spacedrive_jobs._store.tx import Tx

GROUP: Final = 1_000
RETRY_SECONDS: Final = 1.0
NAME_HOLDER_AFTER: Final = 5.0
NOT_SYNCED: Final[Durability] = "normal"
BUSY_NAPS: Final = (0.0002, 0.0005, 0.001, 0.002, 0.005)

_log = logging.getLogger("spacedrive_jobs")

WriteFunction: TypeAlias = Callable[[Tx], Any]


class Write:
    """One call to be committed.

    `durable`: its commit must be synced before it is delivered (others are synced with the next that must).
    `give_up_at`, `no_space_at`: on the writer's clock, the moments from which it fails instead of waiting longer for
    the lock and, if that is another, for space.
    `urgent`: small and wanted even on a full disk (a pause, a cancel): may use the reserve.
    """

    __slots__ = ("durable", "give_up_at", "no_space_at", "outcome", "run", "urgent")

    def __init__(
        self,
        run: WriteFunction,
        sink: Sink,
        *,
        durable: bool,
        give_up_at: float | None,
        no_space_at: float | None,
        urgent: bool,
    ) -> None:
        self.run = run
        self.outcome: Outcome[Any] = Outcome(sink)
        self.durable, self.urgent = durable, urgent
        self.give_up_at, self.no_space_at = give_up_at, no_space_at


class Writer:
    """The thread. `no_space` and `held_by` say what it waits for, if anything."""

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        path: Path,
        *,
        durability: Durability,
        on_commit: Callable[[Tx], None],
        on_space: Callable[[bool], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._connect, self._path = connect, path
        self._durability: Durability = durability
        self._on_commit, self._on_space, self._monotonic = on_commit, on_space, monotonic
        self._calls: SimpleQueue[Write | None] = SimpleQueue()
        self._waiting: list[Write] = []
        self._reserve = Reserve(path.with_suffix(".reserve"))
        self._thread = threading.Thread(target=self._run, name="jobs-writer", daemon=True)
        self._closing = self._closed = False
        self._abandon = threading.Event()
        self._synced: Durability = durability
        self.no_space = False
        self.held_by: str | None = None
        self.broken: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def close(self, *, patience: float) -> None:
        """Commit what waits, for at most `patience` seconds if the disk is full or the lock held, then end."""
        self._closed = True
        self._calls.put(None)
        self._thread.join(patience)
        if self._thread.is_alive():
            self._abandon.set()
            self._thread.join()

    def submit(
        self,
        run: WriteFunction,
        sink: Sink,
        *,
        durable: bool = True,
        patience: float | None = None,
        space_patience: float | None = None,
        urgent: bool = False,
    ) -> None:
        """Have `run` committed.

        `patience`: seconds to wait for a lock that another holds before StoreBusy; `space_patience`: for space before
        NoSpace (by default the same). None is for ever.
        """
        if self._closed:
            raise StoreClosed
        now = self._monotonic()
        give_up_at = None if patience is None else now + patience
        no_space_at = give_up_at if space_patience is None else now + space_patience
        self._calls.put(
            Write(run, sink, durable=durable, give_up_at=give_up_at, no_space_at=no_space_at, urgent=urgent)
        )

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        connection = self._connect()
        self._reserve.restore()
        try:
            while not (self._closing and not self._waiting) and not self._abandon.is_set():
                self._collect()
                if self._waiting:
                    self._commit_waiting(connection)
        except BaseException as error:
            self.broken = error
            raise
        finally:
            self._fail_waiting(self.broken or NoSpace(self._path))
            connection.close()

    def _collect(self) -> None:
        """Take what has been submitted; wait for it if nothing is waiting, or for a second if the disk is full."""
        try:
            if self.no_space:
                self._take(self._calls.get(timeout=RETRY_SECONDS))
            elif not self._waiting:
                self._take(self._calls.get())
            while len(self._waiting) < GROUP:
                self._take(self._calls.get_nowait())
        except Empty:
            return

    def _take(self, write: Write | None) -> None:
        if write is None:
            self._closing = True
        else:
            self._waiting.append(write)

    def _commit_waiting(self, connection: apsw.Connection) -> None:
        if self.no_space:
            self._commit_urgent(connection)
            if not self._reserve.restore():  # first of all, what an urgent write took is put back
                self._expire()
                return
        group, self._waiting = self._waiting, []
        if self._commit_or_keep(connection, group):
            self._set_no_space(False)

    def _commit_urgent(self, connection: apsw.Connection) -> None:
        """On a full disk: what may use the reserve, and nothing else."""
        urgent = [write for write in self._waiting if write.urgent]
        if urgent:
            self._reserve.release()
            self._waiting = [write for write in self._waiting if not write.urgent]
            self._commit_or_keep(connection, urgent)

    def _commit_or_keep(self, connection: apsw.Connection, group: list[Write]) -> bool:
        """Commit `group` and deliver it; whatever a full disk or a held lock prevented goes on waiting (False)."""
        try:
            self._commit(connection, group)
        except (apsw.Error, OSError) as error:
            _roll_back(connection)
            if is_no_space(error):
                self._set_no_space(True)
            elif not isinstance(error, apsw.BusyError):
                self._deliver_error(group, error)
                return True
            self._waiting = group + self._waiting
            self._expire()
            return False
        deliver(write.outcome for write in group)
        return True

    def _commit(self, connection: apsw.Connection, group: list[Write]) -> None:
        self._sync_as_wanted(connection, group)
        self._begin(connection, group)
        tx = Tx(connection)
        if len(group) == 1:
            _run_alone(connection, tx, group[0])
        elif not _run_together(connection, tx, group):
            self._begin(connection, group)
            tx = Tx(connection)
            for write in group:
                _run_in_savepoint(connection, tx, write)
        if connection.in_transaction:
            tx.finish()
            failpoint.hit("store.before_commit")
            connection.execute("COMMIT")
            failpoint.hit("store.committed")
            self._on_commit(tx)

    def _sync_as_wanted(self, connection: apsw.Connection, group: list[Write]) -> None:
        """No fsync for a group of which nobody waits for durability; SQLite syncs it with the next one that does."""
        wanted = self._durability if any(write.durable for write in group) else NOT_SYNCED
        if wanted != self._synced:
            set_synchronous(connection, wanted)
            self._synced = wanted

    def _begin(self, connection: apsw.Connection, group: list[Write]) -> None:
        limits = [write.give_up_at for write in group if write.give_up_at is not None]
        give_up_at = min(limits, default=None)
        began = self._monotonic()

        def wait(tries: int) -> bool:
            self._abandon.wait(BUSY_NAPS[min(tries, len(BUSY_NAPS) - 1)])
            now = self._monotonic()
            if now - began > NAME_HOLDER_AFTER and self.held_by is None:
                self.held_by = write_lock_holder(self._path)
                name = printable(self._path)
                _log.warning("%s has been held for %.0f s by %s: waiting", name, now - began, self.held_by)
            return not self._abandon.is_set() and (give_up_at is None or now < give_up_at)

        connection.set_busy_handler(wait)
        connection.execute("BEGIN IMMEDIATE")
        self.held_by = None

    def _set_no_space(self, full: bool) -> None:
        if full != self.no_space:
            self.no_space = full
            self._on_space(full)

    def _expire(self) -> None:
        """Fail what has waited as long as it would."""
        now = self._monotonic()
        expired: list[Write] = []
        for write in self._waiting:
            limit = write.no_space_at if self.no_space else write.give_up_at
            if limit is not None and limit <= now:
                expired.append(write)
        if expired:
            self._waiting = [write for write in self._waiting if write not in expired]
            holder = self.held_by or write_lock_holder(self._path)
            self._deliver_error(expired, NoSpace(self._path) if self.no_space else StoreBusy(self._path, holder))

    def _deliver_error(self, group: list[Write], error: BaseException) -> None:
        for write in group:
            write.outcome.error, write.outcome.result = error, None
        deliver(write.outcome for write in group)

    def _fail_waiting(self, error: BaseException) -> None:
        try:
            while True:
                self._take(self._calls.get_nowait())
        except Empty:
            self._deliver_error(self._waiting, error)


def _run_alone(connection: apsw.Connection, tx: Tx, write: Write) -> None:
    """A group of one needs no savepoint: its failure undoes the transaction."""
    outcome = write.outcome
    outcome.error = None
    try:
        outcome.result = write.run(tx)
    except (apsw.Error, OSError) as error:
        if is_no_space(error) or isinstance(error, apsw.BusyError):
            raise
        outcome.error = error
        _roll_back(connection)
    except BaseException as error:
        outcome.error = error
        _roll_back(connection)


def _run_together(connection: apsw.Connection, tx: Tx, group: list[Write]) -> bool:
    """Without savepoints, which cost a fifth of the group's time. If one write fails, all is undone and False
    returned: they are run again, each in its own. A write changes nothing but its transaction, so that is harmless."""
    try:
        for write in group:
            write.outcome.error = None
            write.outcome.result = write.run(tx)
    except (apsw.Error, OSError) as error:
        if is_no_space(error) or isinstance(error, apsw.BusyError):
            raise
    except Exception:  # the write's own; it is raised again, and delivered, in its savepoint
        pass
    else:
        return True
    _roll_back(connection)
    return False


def _run_in_savepoint(connection: apsw.Connection, tx: Tx, write: Write) -> None:
    outcome = write.outcome
    outcome.error = None
    ended = len(tx.ended)
    connection.execute("SAVEPOINT write")
    try:
        outcome.result = write.run(tx)
    except (apsw.Error, OSError) as error:
        if is_no_space(error) or not connection.in_transaction:
            raise
        outcome.error = error
    except BaseException as error:
        outcome.error = error
    if outcome.error is not None:
        connection.execute("ROLLBACK TO write")
        del tx.ended[ended:]
    connection.execute("RELEASE write")


def _roll_back(connection: apsw.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
