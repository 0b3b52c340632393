"""A context without a library: a job's code alone, and what it does with its context."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast, final

from spacedrive_jobs._definition.codec import encode, path_bytes, printable
from spacedrive_jobs._definition.context import ItemPath
from spacedrive_jobs._definition.job import Job
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.ids import JobId, JobIdSource, RunnerId
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.progress import Progress
from spacedrive_jobs._model.record import ItemOutcome
from spacedrive_jobs._model.transition import Checkpoint, Claim, ClaimedJob, Flush
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.blocking_context import RunBlockingContext
from spacedrive_jobs._runtime.context import RunContext
from spacedrive_jobs._runtime.service_messages import Ended, Spawn
from spacedrive_jobs._store.lane import Sink
from spacedrive_jobs._tasks.interrupt import Interrupter
from spacedrive_jobs._tasks.pools import ThreadPool
from spacedrive_jobs.testing._clock import ManualClock

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.library import Library

StateT = TypeVar("StateT")
OutT = TypeVar("OutT")

LEASE: Final = 1e9


@final
@dataclass(frozen=True, slots=True)
class RecordedItem:
    """One call of `ctx.item`."""

    item: str
    outcome: ItemOutcome
    reason: str


@final
class Recording(Generic[StateT, OutT]):
    """Runs a job's code with a context that stores nothing and remembers everything.

    `state`: what `load_state` gives. `answers`: by the keys of `ask`. `children`: the output of a child that was
    spawned, by its job (default None). `failed`: what failed in the job that this one does again. `interrupt_after`:
    at so many checks (of any awaited verb) the job is asked to `interrupt`. Values go through the same codec as in a
    library, so what cannot be stored fails here too.
    """

    def __init__(
        self,
        job: Job[StateT, OutT],
        *,
        state: StateT | None = None,
        answers: Mapping[str, object] | None = None,
        children: Callable[[object], object] | None = None,
        failed: Iterable[ItemPath] = (),
        interrupt_after: int | None = None,
        interrupt: Interruption = Interruption.PAUSE,
        attempt: int = 1,
        clock: Clock | None = None,
        library: Library | None = None,
    ) -> None:
        self._job: Any = job
        self._definition = registry.definition_of(job)
        self._clock = clock or ManualClock()
        self._library = library
        self._output_of_child: Callable[[object], object] = children or _nothing
        self._answers = dict(answers or {})
        self._failed = [path_bytes(item) for item in failed]
        self._ids = JobIdSource()
        self._interrupter = _Counting(interrupt_after, interrupt)
        self.states: list[StateT] = []
        """Each state that was checkpointed, decoded again."""
        self.items: list[RecordedItem] = []
        self.warnings: list[str] = []
        self.errors: list[str] = []
        self.logs: list[str] = []
        self.progress: list[Progress] = []
        self.children: list[object] = []
        """The jobs that were spawned."""
        self.questions: list[str] = []
        self.kept: dict[bytes, bytes] = {}
        self._steps: dict[str, tuple[str, bytes]] = {}
        self._spawned: dict[str, bytes] = {}
        self._ended: dict[bytes, Ended] = {}
        self._attempt = self._new_attempt(attempt, state)

    async def run(self) -> OutT:
        """The job's output, as a library would give it back. Raises what the job raises, JobInterrupted among it."""
        definition = self._definition
        job = definition.decode_arguments(definition.encode_arguments(self._job), definition.version)
        pool = ThreadPool(8, name="recording")
        try:
            if definition.style == "blocking":
                output = await pool.run(definition.start, job, self._blocking_context(pool))
            else:
                output = await definition.start(job, self._context(pool))
        finally:
            self._gather()
            pool.close()
        return cast("OutT", definition.decode_output(definition.encode_output(output)))

    # --- what the context asks ----------------------------------------------------------------------------------------

    def checkpoint(self, flush: Flush, sink: Sink) -> None:
        self._take(flush)
        _resolve(sink, None)

    def spill(self, flush: Flush, sink: Sink) -> None:
        self._take(flush)
        _resolve(sink, None)

    def kept_value(self, key: bytes) -> bytes | None:
        return self.kept.get(key)

    def call(self, method: str, argument: Any, sink: Sink) -> None:
        serve: Callable[[Any], Any] = getattr(self, f"_{method}")
        try:
            _resolve(sink, serve(argument))
        except Exception as error:  # belongs to the job's code
            _fail(sink, error)

    def _spawn(self, wanted: Spawn) -> bytes:
        known = self._spawned.get(wanted.key)
        if known is not None:
            return known
        definition = registry.require(wanted.kind)
        job = definition.decode_arguments(wanted.arguments, wanted.version)
        self.children.append(job)
        id_ = self._ids.next_bytes(self._clock.now_ms())
        output = definition.encode_output(self._output_of_child(job))
        self._spawned[wanted.key] = id_
        self._ended[id_] = Ended(id_, wanted.kind, "completed", "", output, "", "", "", 1)
        return id_

    def _status(self, job: bytes) -> str:
        return self._ended[job].status

    def _outcome(self, job: bytes) -> Ended:
        return self._ended[job]

    def _children(self, _: None) -> None:
        return

    def _children_page(self, after: bytes) -> list[Ended]:
        return [ended for id_, ended in sorted(self._ended.items()) if id_ > after]

    def _control(self, asked: tuple[bytes, str, str]) -> None:
        return

    def _read_step(self, key: str) -> tuple[str, bytes] | None:
        return self._steps.get(key)

    def _store_step(self, step: tuple[str, bytes]) -> bytes:
        key, result = step
        self._steps[key] = "step", result
        return result

    def _failed_before(self, after: int) -> list[tuple[int, bytes, str]]:
        return [(seq, item, "") for seq, item in enumerate(self._failed) if seq > after]

    def _sleep(self, wanted: tuple[str, float]) -> None:
        self._steps[wanted[0]] = "sleep", b""

    def _ask(self, asking: tuple[Any, str, bytes]) -> list[bytes]:
        questions, _, _ = asking
        self.questions += [text for _, text in questions]
        missing = [key for key, _ in questions if key not in self._answers]
        if missing:
            raise AssertionError(f"the job asks {missing[0]!r}, and `answers` has nothing for it")
        return [encode(self._answers[key]) for key, _ in questions]

    # --- how it remembers ---------------------------------------------------------------------------------------------

    def _take(self, flush: Flush) -> None:
        self.items += [RecordedItem(printable(row.item), row.outcome, row.reason) for row in flush.items]
        for note in flush.notes:
            (self.warnings if note.level == "warning" else self.errors).append(note.message)
        self.kept.update(flush.kept)
        if flush.state is not None:
            self.states.append(cast("StateT", self._definition.decode_state(flush.state, flush.version)))

    def _gather(self) -> None:
        rest = self._attempt.everything()
        if rest is not None:
            self._take(rest)
        self._attempt.ended = True

    def _new_attempt(self, number: int, state: StateT | None) -> Attempt:
        definition = self._definition
        claim = Claim(JobId.from_bytes(self._ids.next_bytes(self._clock.now_ms())), number, RunnerId(bytes(16)))
        claimed = ClaimedJob(
            claim=claim,
            kind=definition.kind,
            version=definition.version,
            arguments=definition.encode_arguments(self._job),
            priority=0,
            errors=0,
            crashes=0,
            parent=None,
            deadline_at=None,
            request=None,
            reason="",
        )
        checkpoint = None
        if state is not None:
            checkpoint = Checkpoint(number, definition.version, definition.encode_state(state), None, 0, 0)
        port = _Port(self)
        return Attempt(claimed, definition, self._interrupter, port, self._clock, lease=LEASE, checkpoint=checkpoint)

    def _context(self, pool: ThreadPool) -> RunContext[Any]:
        return _RecordingContext(self._attempt, pool, self._open_library, _no_library_db(), self.progress)

    def _blocking_context(self, pool: ThreadPool) -> RunBlockingContext[Any]:
        return _RecordingBlockingContext(
            self._attempt, pool, self._no_blocking_library, _no_library_db(), self.progress
        )

    def _open_library(self) -> Library:
        if self._library is None:
            raise RuntimeError("this job uses ctx.library: give the recording one, or run it in open_library")
        return self._library

    def _no_blocking_library(self) -> Any:
        raise RuntimeError("this job uses ctx.library: run it in open_library")


class _Port:
    """Port, over a recording."""

    def __init__(self, recording: Recording[Any, Any]) -> None:
        self._recording = recording

    def checkpoint(self, flush: Flush, sink: Sink) -> None:
        self._recording.checkpoint(flush, sink)

    def spill(self, flush: Flush, sink: Sink) -> None:
        self._recording.spill(flush, sink)

    def kept(self, key: bytes, sink: Sink) -> None:
        _resolve(sink, self._recording.kept_value(key))

    def holds_claim(self) -> bool:
        return True

    def call(self, method: str, argument: Any, sink: Sink) -> None:
        self._recording.call(method, argument, sink)

    def log(self, message: str) -> None:
        self._recording.logs.append(message)

    def progressed(self) -> None:
        return


class _RecordingContext(RunContext[Any]):
    def __init__(self, attempt: Attempt, pool: ThreadPool, library: Any, db: Any, told: list[Progress]) -> None:
        super().__init__(attempt, pool, library, db)
        self._told = told

    def progress(self, progress: Progress, /) -> None:
        super().progress(progress)
        self._told.append(progress)


class _RecordingBlockingContext(RunBlockingContext[Any]):
    def __init__(self, attempt: Attempt, pool: ThreadPool, library: Any, db: Any, told: list[Progress]) -> None:
        super().__init__(attempt, pool, library, db, None)
        self._told = told

    def progress(self, progress: Progress, /) -> None:
        super().progress(progress)
        self._told.append(progress)


class _Counting(Interrupter):
    """Asks for an interruption at the n-th check."""

    def __init__(self, after: int | None, kind: Interruption) -> None:
        super().__init__()
        self._left, self._kind = after, kind

    def check(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.request(self._kind)
        super().check()


def _no_library_db() -> Any:
    return _NoLibraryDb()


def _nothing(job: object) -> None:
    return


class _NoLibraryDb:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("this job uses ctx.library_db: run it in open_library")


def _resolve(sink: Sink, value: Any) -> None:
    if isinstance(sink, asyncio.Future):
        sink.get_loop().call_soon_threadsafe(_set, sink, value)
    elif sink is not None:
        sink.set_result(value)


def _set(sink: asyncio.Future[Any], value: Any) -> None:
    if not sink.done():
        sink.set_result(value)


def _fail(sink: Sink, error: Exception) -> None:
    if isinstance(sink, (asyncio.Future, Future)) and not sink.done():
        sink.set_exception(error)
