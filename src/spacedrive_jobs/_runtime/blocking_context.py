"""BlockingJobContext over an attempt: the verbs of a plain `def` job, called in its thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from spacedrive_jobs._definition.context import BlockingJobContext, CtxStateT
from spacedrive_jobs._definition.handle import BlockingJobHandle
from spacedrive_jobs._definition.instance import Job
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.errors import AttemptEnded
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.record import ItemInfo
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.child_handle import BlockingChildHandle, call_blocking
from spacedrive_jobs._runtime.composition import (
    ChildKeys,
    Choices,
    ask_request,
    checked_key,
    decode_result,
    encode_result,
    outcome_of,
    raise_failures,
    seconds_of,
    spawn_request,
)
from spacedrive_jobs._runtime.context import NOT_GIVEN, default_fan, failed_item, refuse_coroutine_function
from spacedrive_jobs._runtime.library_db import BlockingLibraryDb
from spacedrive_jobs._runtime.service_messages import Ended
from spacedrive_jobs._runtime.transaction import BlockingTransaction, refuse_inside, store_state, use_and_wait, work_of
from spacedrive_jobs._runtime.verbs import AttemptVerbs
from spacedrive_jobs._tasks.pools import ThreadPool

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.blocking import BlockingLibrary

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
OutT = TypeVar("OutT")


class RunBlockingContext(AttemptVerbs, BlockingJobContext[CtxStateT]):
    """Made by the executor, one per attempt."""

    def __init__(
        self,
        attempt: Attempt,
        pool: ThreadPool,
        library: Callable[[], BlockingLibrary],
        library_db: BlockingLibraryDb,
        loop: asyncio.AbstractEventLoop | None,
        outside: Callable[[JobId], BlockingJobHandle[Any]] | None = None,
    ) -> None:
        super().__init__(attempt)
        self._pool, self._library, self._library_db = pool, library, library_db
        self._loop, self._outside = loop, outside
        self._keys = ChildKeys()

    @property
    def library(self) -> BlockingLibrary:
        return self._library()

    @property
    def library_db(self) -> BlockingLibraryDb:
        return self._library_db

    def check_interrupt(self) -> None:
        self._attempt.check()

    def checkpoint(self, state: Any = NOT_GIVEN, /, *, tx: BlockingTransaction | None = None) -> None:
        attempt = self._attempt
        attempt.require_live()
        data = attempt.encode_state(state, given=state is not NOT_GIVEN)
        if tx is not None:
            self._store_in(tx, data)
            return
        refuse_inside("checkpoint without tx=tx")
        if attempt.interrupter.requested is None and attempt.is_inside_interval():
            if attempt.mark(data) and self._loop is not None:
                self._loop.call_soon_threadsafe(self._write_mark_when_the_interval_ends)
            return
        self._store(data)
        attempt.check()

    def save_state(self, state: CtxStateT, /) -> None:
        attempt = self._attempt
        attempt.require_live()
        refuse_inside("save_state")
        self._store(attempt.encode_state(state, given=True))
        attempt.check()

    def _store(self, data: bytes | None) -> None:
        attempt = self._attempt
        asked_at = attempt.clock.monotonic()
        durable: Future[None] = Future()
        attempt.store(data, durable)
        _claimed(attempt, durable)
        attempt.stored_now(asked_at, data)

    def _store_in(self, tx: BlockingTransaction, data: bytes | None) -> None:
        """As RunContext's."""
        attempt = self._attempt
        work = work_of(tx)
        if data is None:
            raise ValueError("checkpoint(tx=tx) needs the state: the two are stored together")
        durable: Future[None] = Future()
        checkpoint = attempt.store_beside(data, durable)
        _claimed(attempt, durable)
        use_and_wait(work.file.use, store_state(work, attempt, checkpoint))
        work.when_stored(partial(attempt.stored_beside, checkpoint))

    def _write_mark_when_the_interval_ends(self) -> None:
        attempt = self._attempt

        def write() -> None:
            if not attempt.ended and attempt.has_mark():
                attempt.store_mark(None)

        left = attempt.interval - (attempt.clock.monotonic() - attempt.written_at)
        attempt.clock.call_later(max(left, 0.0), write)

    def load_state(self, /, *, default: Any = None) -> Any:
        attempt = self._attempt
        attempt.check()
        if attempt.state is None:
            return default
        return attempt.definition.decode_state(attempt.state, attempt.state_version)

    def kept(self, key: bytes, /) -> bytes | None:
        attempt = self._attempt
        attempt.check()
        unstored = attempt.find_kept(key)
        if unstored is not None:
            return unstored
        found: Future[bytes | None] = Future()
        attempt.port.kept(key, found)
        return found.result()

    def run_in_pool(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._attempt.check()
        refuse_coroutine_function(fn)
        return self._pool.submit(fn, *args, **kwargs).result()

    def map(self, fn: Callable[[T], R], items: Iterable[T], /, *, limit: int | None = None) -> list[R]:
        attempt = self._attempt
        attempt.check()
        refuse_coroutine_function(fn)
        fan = limit or default_fan()
        if fan < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        results: list[Future[R]] = []
        flying: set[Future[R]] = set()
        try:
            for item in items:
                if len(flying) >= fan:
                    done, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                attempt.check()
                future = self._pool.submit(fn, item)
                results.append(future)
                flying.add(future)
        finally:
            wait(flying)
        return [future.result() for future in results]

    def spawn_child(
        self, job: Job[Any, OutT], /, *, key: str | None = None, after: Iterable[BlockingJobHandle[Any]] = ()
    ) -> BlockingJobHandle[OutT]:
        definition = registry.definition_of(job)
        with self._attempt.spawning(definition.kind) as trace:
            request = spawn_request(definition, job, key, after, self._keys, trace)
            child = JobId.from_bytes(call_blocking(self._attempt, "spawn", request))
        return BlockingChildHandle(self._attempt, child, self._outside)

    def wait_for_children(self, *, on_failure: Literal["raise", "settle"] = "raise") -> Any:
        if on_failure not in ("raise", "settle"):
            raise ValueError(f'on_failure={on_failure!r}: say "raise" or "settle"')
        call_blocking(self._attempt, "children")
        ended: list[Ended] = []
        while page := call_blocking(self._attempt, "children_page", ended[-1].job if ended else b""):
            ended += page
        if on_failure == "settle":
            return {JobId.from_bytes(one.job): outcome_of(one, registry) for one in ended}
        raise_failures(ended, registry)
        return None

    def step(self, key: str, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        attempt, kind = self._attempt, self._attempt.definition.kind
        key = checked_key("step", key)
        known = call_blocking(attempt, "read_step", key)
        if known is None:
            refuse_coroutine_function(fn)
            result = fn(*args, **kwargs)
            data = encode_result(kind, key, fn, result)
            return decode_result(kind, key, fn, call_blocking(attempt, "store_step", (key, data)))
        verb, data = known
        if verb != "step":
            raise ValueError(f"{key!r} is the key of a sleep already")
        return decode_result(kind, key, fn, data)

    def failed_before(self, after: ItemInfo | None = None, /) -> Sequence[ItemInfo]:
        rows = call_blocking(self._attempt, "failed_before", after.seq if after is not None else -1)
        return [failed_item(row) for row in rows]

    def sleep(self, delay: timedelta | float, /, *, key: str) -> None:
        call_blocking(self._attempt, "sleep", (checked_key("sleep", key), seconds_of(delay)))

    def ask(self, question: str, /, *, key: str, choices: Iterable[Any] = (), topic: str = "") -> Any:
        answers = self.ask_all({key: question}, choices=choices, topic=topic)
        return answers[key]

    def ask_all(self, questions: Mapping[str, str], /, *, choices: Iterable[Any] = (), topic: str = "") -> Any:
        allowed = Choices(choices)
        answers = call_blocking(self._attempt, "ask", ask_request(questions, allowed, topic))
        return {key: allowed.answer(answer) for key, answer in zip(questions, answers, strict=True)}


def _claimed(attempt: Attempt, durable: Future[None]) -> None:
    """Wait for a write; a lost claim ends the attempt here."""
    try:
        durable.result()
    except AttemptEnded:
        attempt.lost()
        raise
