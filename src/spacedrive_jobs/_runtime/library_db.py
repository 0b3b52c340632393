"""LibraryDb: the one door to `library.db`, of a library or of a job's attempt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, cast, final

from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.transaction import (
    BlockingTransaction,
    Transaction,
    blocking_transaction,
    commit_here,
    commit_on,
    transaction,
    use_and_await,
    use_and_wait,
)
from spacedrive_jobs._store import library_file
from spacedrive_jobs._store.library_file import LibraryFile, SqlValue

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.loop_thread import LoopCaller
    from spacedrive_jobs._runtime.relay import Relay


@final
class LibraryDb:
    """The library's own SQLite database: tables of the application's, created by it, in WAL mode.

    Nothing else may open the file in this process: SQLite's locks are the process's.
    """

    def __init__(self, file: LibraryFile, relay: Relay | None, attempt: Attempt | None = None) -> None:
        self._file, self._relay, self._attempt = file, relay, attempt

    def transaction(self) -> AbstractAsyncContextManager[Transaction, None]:
        """`async with library.db.transaction() as tx`: rows, and with tx=tx jobs and a job's state, all or nothing.

        One at a time over all processes, each in its turn; while it is open, no other verb may be used. In a job
        (`ctx.library_db`) it commits only if the attempt is still the job's newest: AttemptEnded otherwise.
        """
        opening = transaction(self._file, self._relay, self._attempt)
        return cast("AbstractAsyncContextManager[Transaction, None]", opening)

    async def query(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[tuple[SqlValue, ...]]:
        """The rows of a SELECT over what is committed; it waits for no transaction. Raises what apsw raises."""
        return await use_and_await(self._file.read, lambda db: library_file.read_rows(db, sql, parameters))

    def of_attempt(self, attempt: Attempt | None) -> LibraryDb:
        """The same database, with the fence of an attempt if there is to be one; for contexts."""
        return LibraryDb(self._file, self._relay, attempt)

    def blocking(self, caller: LoopCaller | None) -> BlockingLibraryDb:
        """The same database for a thread; `caller`: the way to the library's loop, where there is one."""
        return BlockingLibraryDb(self._file, self._relay, caller, self._attempt)


@final
class BlockingLibraryDb:
    """LibraryDb for programs and jobs without asyncio: the same verbs, not awaited."""

    def __init__(
        self, file: LibraryFile, relay: Relay | None, caller: LoopCaller | None, attempt: Attempt | None
    ) -> None:
        self._file, self._relay, self._caller, self._attempt = file, relay, caller, attempt

    def transaction(self) -> AbstractContextManager[BlockingTransaction, None]:
        """As LibraryDb.transaction."""
        commit = commit_here if self._caller is None else partial(commit_on, self._caller.call)
        opening = blocking_transaction(self._file, self._attempt, commit, self._relay)
        return cast("AbstractContextManager[BlockingTransaction, None]", opening)

    def query(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[tuple[SqlValue, ...]]:
        """As LibraryDb.query."""
        return use_and_wait(self._file.read, lambda db: library_file.read_rows(db, sql, parameters))
