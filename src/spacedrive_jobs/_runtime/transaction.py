"""Transactions on `library.db`: the caller's rows, jobs and state, committed together or not at all."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, final

from spacedrive_jobs._model.transition import Checkpoint, NewJob
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._store import library_file
from spacedrive_jobs._store.lane import Outcome, Sink
from spacedrive_jobs._store.library_file import LibraryFile, Outgoing, SqlValue

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.relay import Relay

T = TypeVar("T")

Use: TypeAlias = Callable[[Callable[[Any], T], Sink], None]
"""LibraryFile.use, or its `read`."""

current: Final[ContextVar[Work | None]] = ContextVar("spacedrive_jobs_transaction", default=None)


def refuse_inside(verb: str) -> None:
    """Raises RuntimeError if the caller's code is inside an open transaction, where `verb` has no place."""
    work = current.get()
    if work is not None and not work.ended:
        raise RuntimeError(
            f"{verb} inside a transaction of library.db: it holds the database for as long as it is open. "
            "Leave its block first; `dispatch` and `checkpoint` take part in it with tx=tx."
        )


class Work:
    """One open transaction, whoever's: what it will commit beside the caller's rows, and what follows the commit."""

    file: LibraryFile
    relay: Relay | None
    attempt: Attempt | None
    ended: bool

    def __init__(self, file: LibraryFile, relay: Relay | None, attempt: Attempt | None) -> None:
        self.file, self.relay, self.attempt = file, relay, attempt
        self.ended = False
        self.outgoing: list[Outgoing] = []
        self._stored: list[Callable[[], None]] = []
        self._relayed: list[Callable[[dict[bytes, bytes]], None]] = []

    def require_open(self) -> None:
        if self.ended:
            raise RuntimeError("the transaction has ended: its block was left")

    def enqueue(self, jobs: Sequence[NewJob], relayed: Callable[[dict[bytes, bytes]], None]) -> None:
        """Dispatch with the rows. `relayed` is called after the commit with the id of the job that stands for each."""
        self.require_open()
        if self.relay is None:
            raise RuntimeError('a job with isolation="process" cannot dispatch in a transaction')
        self.outgoing += [Outgoing(job, self.relay.runner) for job in jobs]
        self._relayed.append(relayed)

    def when_stored(self, call: Callable[[], None]) -> None:
        self._stored.append(call)

    def commit(self, connection: Any) -> None:
        """On the writing connection."""
        library_file.add_to_outbox(connection, self.outgoing)
        attempt = self.attempt
        if attempt is not None and attempt.ended:
            library_file.roll_back(connection)
            attempt.require_live()
        library_file.commit(connection, attempt.claim if attempt is not None else None)

    def committed(self) -> None:
        for call in self._stored:
            call()

    def relayed(self, ids: dict[bytes, bytes]) -> None:
        for call in self._relayed:
            call(ids)


@final
class Transaction:
    """An open transaction of `library.db.transaction()`. Leaving its block commits; an error rolls back."""

    def __init__(self, work: Work) -> None:
        self.work: Work = work

    async def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[tuple[SqlValue, ...]]:
        """Run one statement and return its rows. Raises what apsw raises for a wrong one, NoSpace, ValueError."""
        self.work.require_open()
        return await use_and_await(self.work.file.use, lambda db: library_file.execute(db, sql, parameters))

    async def executemany(self, sql: str, rows: Iterable[Sequence[SqlValue]], /) -> None:
        """Run one statement for each row of parameters: the quick way to write many."""
        self.work.require_open()
        given = list(rows)
        await use_and_await(self.work.file.use, lambda db: library_file.executemany(db, sql, given))


@final
class BlockingTransaction:
    """Transaction for programs and jobs without asyncio: the same verbs, not awaited."""

    def __init__(self, work: Work) -> None:
        self.work: Work = work

    def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[tuple[SqlValue, ...]]:
        """As Transaction.execute."""
        self.work.require_open()
        return use_and_wait(self.work.file.use, lambda db: library_file.execute(db, sql, parameters))

    def executemany(self, sql: str, rows: Iterable[Sequence[SqlValue]], /) -> None:
        """As Transaction.executemany."""
        self.work.require_open()
        given = list(rows)
        use_and_wait(self.work.file.use, lambda db: library_file.executemany(db, sql, given))


def work_of(tx: Transaction | BlockingTransaction) -> Work:
    """For dispatch and checkpoint. Raises TypeError for what is no transaction, RuntimeError for one that has ended."""
    work: object = getattr(tx, "work", None)
    if not isinstance(work, Work):
        raise TypeError(f"tx={tx!r} is no transaction: pass what `async with library.db.transaction() as tx` gives")
    work.require_open()
    return work


# --- begin and end ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def transaction(file: LibraryFile, relay: Relay | None, attempt: Attempt | None) -> AsyncGenerator[Transaction]:
    refuse_inside("a second transaction")
    work = Work(file, relay, attempt)
    if attempt is not None:
        await _enter(file, attempt, relay)
    mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    turn = file.wait_for_turn(mine)
    try:
        await mine
        try:
            await use_and_await(file.use, library_file.begin)
        except BaseException:
            file.give_up(turn)  # it may still get its lock: nobody is there to use it
            raise
        current.set(work)
        try:
            yield Transaction(work)
        except BaseException:
            await _to_the_end(_roll_back(work))
            raise
        await _to_the_end(_commit(work))
    finally:
        work.ended = True
        file.end_turn(turn)


async def _commit(work: Work) -> None:
    work.ended = True
    await use_and_await(work.file.use, work.commit)
    work.committed()
    if work.outgoing and work.relay is not None:
        work.relayed(await work.relay.relay([one.job for one in work.outgoing]))


async def _roll_back(work: Work) -> None:
    work.ended = True
    await use_and_await(work.file.use, library_file.roll_back)


async def _enter(file: LibraryFile, attempt: Attempt, relay: Relay | None) -> None:
    """Before an attempt's first transaction. The claim is looked at after the fence is up: so a newer attempt, which
    looks for the fence before it runs, sees it, or this one sees that its claim was taken."""
    attempt.check()
    if not attempt.fenced:
        await file.raise_fence(attempt.claim)
        await asyncio.to_thread(attempt.verify_claim)
        attempt.fenced = True
        if relay is not None:
            relay.entered(attempt.claim.job)
    else:
        await asyncio.to_thread(attempt.check_claim)


@contextmanager
def blocking_transaction(
    file: LibraryFile, attempt: Attempt | None, commit: Callable[[Work], None], relay: Relay | None
) -> Generator[BlockingTransaction]:
    """`commit`: how its end is reached from this thread; see `commit_here` and BlockingLibraryDb."""
    refuse_inside("a second transaction")
    work = Work(file, relay, attempt)
    if attempt is not None:
        attempt.check()
        if not attempt.fenced:
            file.raise_fence_blocking(attempt.claim)
            attempt.verify_claim()
            attempt.fenced = True
            if relay is not None:
                relay.entered(attempt.claim.job)
        else:
            attempt.check_claim()
    mine: concurrent.futures.Future[None] = concurrent.futures.Future()
    turn: Outcome[None] = file.wait_for_turn(mine)
    try:
        mine.result()
        try:
            use_and_wait(file.use, library_file.begin)
        except BaseException:
            file.give_up(turn)
            raise
        current.set(work)
        try:
            yield BlockingTransaction(work)
        except BaseException:
            work.ended = True
            use_and_wait(file.use, library_file.roll_back)
            raise
        commit(work)
    finally:
        work.ended = True
        file.end_turn(turn)


def commit_here(work: Work) -> None:
    """For a process without the library's engine."""
    work.ended = True
    use_and_wait(work.file.use, work.commit)
    work.committed()


def commit_on(call: Callable[[Coroutine[Any, Any, None]], None], work: Work) -> None:
    """On the library's own loop, where the relay is."""
    call(_commit(work))


def store_state(work: Work, attempt: Attempt, checkpoint: Checkpoint) -> Callable[[Any], None]:
    """What `checkpoint(state, tx=tx)` does on the writing connection. Raises ValueError for another's transaction."""
    if work.attempt is not attempt:
        raise ValueError("tx is not a transaction of this job: take it from ctx.library_db")
    job = attempt.claim.job.bytes
    return lambda connection: library_file.store_state(connection, job, checkpoint)


# --- waiting ----------------------------------------------------------------------------------------------------------


async def use_and_await(use: Use[T], run: Callable[[Any], T]) -> T:
    """Have `run` done on a connection, from an event loop."""
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    use(run, done)
    return await done


def use_and_wait(use: Use[T], run: Callable[[Any], T]) -> T:
    """Have `run` done on a connection, from a thread."""
    done: concurrent.futures.Future[T] = concurrent.futures.Future()
    use(run, done)
    return done.result()


async def _to_the_end(coroutine: Coroutine[Any, Any, None]) -> None:
    """Wait for it even if cancelled meanwhile, then be cancelled: a commit is not left half known."""
    task = asyncio.get_running_loop().create_task(coroutine)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()
        raise cancelled
    task.result()
