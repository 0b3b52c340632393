"""The context: what a job's code sees of the system. These docstrings are the reference.

Every awaited verb may interrupt (raise JobInterrupted); no plain one does. After an attempt has ended each of its
verbs raises AttemptEnded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeAlias, TypeVar, overload

from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.progress import JobMetrics, Progress
from spacedrive_jobs._model.record import ItemInfo

if TYPE_CHECKING:
    from typing_extensions import TypeVar as DefaultTypeVar

    from spacedrive_jobs._definition.handle import BlockingJobHandle, JobHandle
    from spacedrive_jobs._definition.instance import Job
    from spacedrive_jobs._model.updates import JobOutcome
    from spacedrive_jobs._runtime.blocking import BlockingLibrary
    from spacedrive_jobs._runtime.library import Library
    from spacedrive_jobs._runtime.library_db import BlockingLibraryDb, LibraryDb
    from spacedrive_jobs._runtime.transaction import BlockingTransaction, Transaction

    CtxStateT = DefaultTypeVar("CtxStateT", default=None)
else:  # the default is for checkers; typing_extensions is no dependency at run time
    CtxStateT = TypeVar("CtxStateT")

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
OutT = TypeVar("OutT")

ItemPath: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]
ItemProblem: TypeAlias = Literal["skipped", "warning", "error"]


class PlainVerbs(ABC):
    """What both contexts share: instant, thread-safe, and never interrupting."""

    @property
    @abstractmethod
    def id(self) -> JobId: ...

    @property
    @abstractmethod
    def attempt(self) -> int:
        """1 for the first run; each claim adds one, also after a pause or a crash. The fencing number."""

    @property
    @abstractmethod
    def parent(self) -> JobId | None: ...

    @property
    @abstractmethod
    def deadline(self) -> datetime | None:
        """The moment (UTC) after which the job is failed, if its kind has a deadline."""

    @property
    @abstractmethod
    def metrics(self) -> JobMetrics:
        """Counters over all attempts, up to now."""

    @abstractmethod
    def progress(self, progress: Progress, /) -> None:
        """Report progress. Costs about a microsecond; values may be conflated, the last one always arrives."""

    @abstractmethod
    def add_warning(self, message: str, /) -> None:
        """Add a line to the job's warnings. Leaves the progress alone. At most 4 KiB of it are kept."""

    @abstractmethod
    def add_non_critical_error(self, error: str | Exception, /) -> None:
        """Add a line to the job's errors; the job goes on."""

    @abstractmethod
    def increment_bytes(self, count: int, /) -> None: ...

    @abstractmethod
    def increment_items(self, count: int = 1, /) -> None: ...

    @abstractmethod
    def log(self, message: str, /) -> None:
        """Append a line to the job's own log (bounded; the oldest lines go first). Never fails a job."""

    @overload
    def item(self, item: ItemPath, outcome: Literal["ok"] = "ok", /) -> None: ...
    @overload
    def item(self, item: ItemPath, outcome: ItemProblem, /, reason: str) -> None: ...
    @abstractmethod
    def item(self, item: ItemPath, outcome: str = "ok", /, reason: str = "") -> None:
        """Record what became of one item. Stored with the next checkpoint, so a crash neither loses nor repeats one."""

    @abstractmethod
    def keep(self, key: bytes, value: bytes, /) -> None:
        """Remember a row of the job's own, stored with the next checkpoint: for maps too large for the state."""

    @property
    @abstractmethod
    def retry_of(self) -> JobId | None:
        """The ended job that this one does again, if it came from a `retry`."""

    @abstractmethod
    def reserved_written(self, count: int, /) -> None:
        """Say how many bytes, in all, have been written of the disk space that the job reserved: they are counted
        once then, as used space, and no more as reserved. Stored with the next checkpoint."""

    @abstractmethod
    def check_claim(self) -> None:
        """Raise AttemptEnded unless this attempt still owns its job.

        Call it, in any thread, immediately before an effect that cannot be taken back (a rename, an unlink): a process
        that was stopped for longer than a lease may find that another has taken its job over. Costs about a
        microsecond while the lease is fresh, a read of the database otherwise.
        """


class JobContext(PlainVerbs, Generic[CtxStateT]):
    """The context of an `async` job. `CtxStateT` is the type of its state; a bare `JobContext` has none."""

    @property
    @abstractmethod
    def library(self) -> Library: ...

    @property
    @abstractmethod
    def library_db(self) -> LibraryDb:
        """`library.db`, with the fence of this attempt: see LibraryDb.transaction."""

    @abstractmethod
    async def check_interrupt(self) -> None:
        """Raise JobInterrupted if the attempt was asked to stop. Only for long loops that await no other verb."""

    @overload
    async def checkpoint(self: JobContext[None], /) -> None: ...
    @overload
    async def checkpoint(self, state: CtxStateT, /, *, tx: Transaction | None = None) -> None: ...
    @abstractmethod
    async def checkpoint(self, state: Any = None, /, *, tx: Transaction | None = None) -> None:
        """Store the state from which the next attempt starts, with all items, warnings and counters so far.

        Durable when it returns; a pending interruption is raised after the write. Encoded at the call. Where the job
        has a `checkpoint_interval`, calls inside it only mark the state: the latest mark is written when the interval
        ends, at an interruption and at the end. Over 64 KiB warns, over 1 MiB raises PayloadTooLarge.

        `tx`: a transaction of `library_db`; the state is stored with its rows, when it commits.
        """

    @abstractmethod
    async def save_state(self, state: CtxStateT, /) -> None:
        """Store the state now, whatever the interval."""

    @overload
    async def load_state(self, /) -> CtxStateT | None: ...
    @overload
    async def load_state(self, /, *, default: CtxStateT) -> CtxStateT: ...
    @abstractmethod
    async def load_state(self, /, *, default: Any = None) -> Any:
        """The state of the last durable checkpoint, of any attempt, or `default` where there is none."""

    @abstractmethod
    async def kept(self, key: bytes, /) -> bytes | None:
        """The value that `keep` gave to `key`, in this or an earlier attempt; None if there is none."""

    @abstractmethod
    async def run_in_pool(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking code in a thread of the pool.

        An interruption starts nothing new and waits for the call in flight; inside it, `interrupt_requested()` tells
        that one is wanted. A coroutine function raises TypeError.
        """

    @abstractmethod
    async def map(self, fn: Callable[[T], R], items: Iterable[T], /, *, limit: int | None = None) -> list[R]:
        """`run_in_pool` for each item, at most `limit` (default: the number of cores) at once; results in order.

        Items are drawn as calls start, so a generator of a million costs no memory. The first error stops new calls,
        waits for those in flight, and is raised as it was. An interruption is raised bare.
        """

    @abstractmethod
    async def spawn_child(
        self, job: Job[Any, OutT], /, *, key: str | None = None, after: Iterable[JobHandle[Any]] = ()
    ) -> JobHandle[OutT]:
        """Dispatch a child, once: in a parent that runs again the same `key` gives the child it spawned before.

        Without a key the child is known by its kind, its arguments and how often this attempt has spawned the like. A
        parent that runs again after an error gets a fresh child where the old one failed or was cancelled. Cancelling
        the parent, or its final failure, cancels the child; a pause pauses it. The child gets the parent's priority if
        that is higher than its own. `after`: jobs that it waits for, and is cancelled with if they fail. Waiting for
        the handle holds no slot. Raises DependencyCycle, ArgumentError.
        """

    @overload
    async def wait_for_children(self, *, on_failure: Literal["raise"] = "raise") -> None: ...
    @overload
    async def wait_for_children(self, *, on_failure: Literal["settle"]) -> Mapping[JobId, JobOutcome[object]]: ...
    @abstractmethod
    async def wait_for_children(self, *, on_failure: Literal["raise", "settle"] = "raise") -> Any:
        """Wait until every child has ended; meanwhile the parent holds no slot.

        "raise": an ExceptionGroup of JobFailed and JobCancelled, if any did not complete. "settle": what became of
        each. Where a failed child was spawned afresh, the fresh one counts.
        """

    @overload
    async def step(
        self, key: str, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    @overload
    async def step(self, key: str, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...
    @abstractmethod
    async def step(self, key: str, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run `fn` once and remember its result over crashes and pauses: later calls by `key` return it.

        A coroutine function is awaited, a plain one runs in the pool. The result is stored, durably, before it is
        returned; if the process dies before that, `fn` runs again. At most 1 MiB; the type is that of `fn`'s return
        annotation, plain values where it has none. An error is raised and not remembered.
        """

    @abstractmethod
    async def failed_before(self, after: ItemInfo | None = None, /) -> Sequence[ItemInfo]:
        """The items that failed in the job that this one does again (`retry_of`), a thousand at a time, in order.

        Begin without an argument, go on with the last item of the answer before; an empty answer is the end. Empty for
        a job that does none again, and where the other is no longer in the history.
        """

    @abstractmethod
    async def sleep(self, delay: timedelta | float, /, *, key: str) -> None:
        """Wait `delay` (seconds, or a timedelta) from the first call by this key, over crashes and restarts.

        Holds no slot. Beyond 30 s the attempt ends and the job waits in the queue; it then runs anew from its last
        checkpoint, and the same call returns at once when the time has passed.
        """

    @overload
    async def ask(self, question: str, /, *, key: str, topic: str = "") -> str: ...
    @overload
    async def ask(self, question: str, /, *, key: str, choices: Iterable[T], topic: str = "") -> T: ...
    @abstractmethod
    async def ask(self, question: str, /, *, key: str, choices: Iterable[Any] = (), topic: str = "") -> Any:
        """Ask a person, and wait for the answer: from a handle, the command line or the page.

        Asked once a key; a question that was answered gives its answer at once, in any attempt. `choices`: the allowed
        answers (strings, numbers, enum members). `topic`: one answer may be given to all questions of a topic, those
        asked later included. Holds no slot. After 30 s the attempt ends and the job waits in the queue.
        """

    @overload
    async def ask_all(self, questions: Mapping[str, str], /, *, topic: str = "") -> dict[str, str]: ...
    @overload
    async def ask_all(
        self, questions: Mapping[str, str], /, *, choices: Iterable[T], topic: str = ""
    ) -> dict[str, T]: ...
    @abstractmethod
    async def ask_all(self, questions: Mapping[str, str], /, *, choices: Iterable[Any] = (), topic: str = "") -> Any:
        """`ask` for several questions by their keys at once; the answers by the same keys when all are given."""


class BlockingJobContext(PlainVerbs, Generic[CtxStateT]):
    """The context of a plain `def` job, which runs in a thread: the same verbs, not awaited."""

    @property
    @abstractmethod
    def library(self) -> BlockingLibrary: ...

    @property
    @abstractmethod
    def library_db(self) -> BlockingLibraryDb:
        """As JobContext.library_db."""

    @abstractmethod
    def check_interrupt(self) -> None:
        """As JobContext.check_interrupt."""

    @overload
    def checkpoint(self: BlockingJobContext[None], /) -> None: ...
    @overload
    def checkpoint(self, state: CtxStateT, /, *, tx: BlockingTransaction | None = None) -> None: ...
    @abstractmethod
    def checkpoint(self, state: Any = None, /, *, tx: BlockingTransaction | None = None) -> None:
        """As JobContext.checkpoint."""

    @abstractmethod
    def save_state(self, state: CtxStateT, /) -> None:
        """As JobContext.save_state."""

    @overload
    def load_state(self, /) -> CtxStateT | None: ...
    @overload
    def load_state(self, /, *, default: CtxStateT) -> CtxStateT: ...
    @abstractmethod
    def load_state(self, /, *, default: Any = None) -> Any:
        """As JobContext.load_state."""

    @abstractmethod
    def kept(self, key: bytes, /) -> bytes | None:
        """As JobContext.kept."""

    @abstractmethod
    def run_in_pool(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As JobContext.run_in_pool."""

    @abstractmethod
    def map(self, fn: Callable[[T], R], items: Iterable[T], /, *, limit: int | None = None) -> list[R]:
        """As JobContext.map."""

    @abstractmethod
    def spawn_child(
        self, job: Job[Any, OutT], /, *, key: str | None = None, after: Iterable[BlockingJobHandle[Any]] = ()
    ) -> BlockingJobHandle[OutT]:
        """As JobContext.spawn_child."""

    @overload
    def wait_for_children(self, *, on_failure: Literal["raise"] = "raise") -> None: ...
    @overload
    def wait_for_children(self, *, on_failure: Literal["settle"]) -> Mapping[JobId, JobOutcome[object]]: ...
    @abstractmethod
    def wait_for_children(self, *, on_failure: Literal["raise", "settle"] = "raise") -> Any:
        """As JobContext.wait_for_children."""

    @abstractmethod
    def step(self, key: str, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As JobContext.step; `fn` runs in the job's own thread."""

    @abstractmethod
    def failed_before(self, after: ItemInfo | None = None, /) -> Sequence[ItemInfo]:
        """As JobContext.failed_before."""

    @abstractmethod
    def sleep(self, delay: timedelta | float, /, *, key: str) -> None:
        """As JobContext.sleep."""

    @overload
    def ask(self, question: str, /, *, key: str, topic: str = "") -> str: ...
    @overload
    def ask(self, question: str, /, *, key: str, choices: Iterable[T], topic: str = "") -> T: ...
    @abstractmethod
    def ask(self, question: str, /, *, key: str, choices: Iterable[Any] = (), topic: str = "") -> Any:
        """As JobContext.ask."""

    @overload
    def ask_all(self, questions: Mapping[str, str], /, *, topic: str = "") -> dict[str, str]: ...
    @overload
    def ask_all(self, questions: Mapping[str, str], /, *, choices: Iterable[T], topic: str = "") -> dict[str, T]: ...
    @abstractmethod
    def ask_all(self, questions: Mapping[str, str], /, *, choices: Iterable[Any] = (), topic: str = "") -> Any:
        """As JobContext.ask_all."""
