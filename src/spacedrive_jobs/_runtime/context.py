"""JobContext over an attempt: the verbs that an `async` job awaits."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, TypeVar

from spacedrive_jobs._definition.codec import printable
from spacedrive_jobs._definition.context import CtxStateT, JobContext
from spacedrive_jobs._definition.handle import JobHandle
from spacedrive_jobs._definition.instance import Job
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.errors import AttemptEnded
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.record import ItemInfo
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.child_handle import ChildHandle, call
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
from spacedrive_jobs._runtime.library_db import LibraryDb
from spacedrive_jobs._runtime.service_messages import Ended
from spacedrive_jobs._runtime.transaction import Transaction, refuse_inside, store_state, use_and_await, work_of
from spacedrive_jobs._runtime.verbs import AttemptVerbs
from spacedrive_jobs._tasks.fanout import bounded_map
from spacedrive_jobs._tasks.pools import ThreadPool

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.library import Library

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
OutT = TypeVar("OutT")


class _NotGiven:
    pass


NOT_GIVEN: Final = _NotGiven()


class RunContext(AttemptVerbs, JobContext[CtxStateT]):
    """Made by the executor, one per attempt."""

    def __init__(
        self,
        attempt: Attempt,
        pool: ThreadPool,
        library: Callable[[], Library],
        library_db: LibraryDb,
        outside: Callable[[JobId], JobHandle[Any]] | None = None,
    ) -> None:
        super().__init__(attempt)
        self._pool, self._library, self._library_db, self._outside = pool, library, library_db, outside
        self._keys = ChildKeys()

    @property
    def library(self) -> Library:
        return self._library()

    @property
    def library_db(self) -> LibraryDb:
        return self._library_db

    async def check_interrupt(self) -> None:
        self._attempt.check()

    async def checkpoint(self, state: Any = NOT_GIVEN, /, *, tx: Transaction | None = None) -> None:
        attempt = self._attempt
        attempt.require_live()
        data = attempt.encode_state(state, given=state is not NOT_GIVEN)
        if tx is not None:
            await self._store_in(tx, data)
            return
        refuse_inside("checkpoint without tx=tx")
        if attempt.interrupter.requested is None and attempt.is_inside_interval():
            if attempt.mark(data):
                self._write_mark_when_the_interval_ends()
            return
        await self._store(data)
        attempt.check()

    async def save_state(self, state: CtxStateT, /) -> None:
        attempt = self._attempt
        attempt.require_live()
        refuse_inside("save_state")
        await self._store(attempt.encode_state(state, given=True))
        attempt.check()

    async def _store(self, data: bytes | None) -> None:
        attempt = self._attempt
        asked_at = attempt.clock.monotonic()
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        attempt.store(data, durable)
        await _claimed(attempt, durable)
        attempt.stored_now(asked_at, data)

    async def _store_in(self, tx: Transaction, data: bytes | None) -> None:
        """With the rows of a transaction. What was gathered is stored in jobs.db first: the state goes past it."""
        attempt = self._attempt
        work = work_of(tx)
        if data is None:
            raise ValueError("checkpoint(tx=tx) needs the state: the two are stored together")
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        checkpoint = attempt.store_beside(data, durable)
        await _claimed(attempt, durable)
        await use_and_await(work.file.use, store_state(work, attempt, checkpoint))
        work.when_stored(partial(attempt.stored_beside, checkpoint))

    def _write_mark_when_the_interval_ends(self) -> None:
        """For a job that marks and then computes for long without another checkpoint."""
        attempt = self._attempt

        def write() -> None:
            if not attempt.ended and attempt.has_mark():
                attempt.store_mark(None)

        left = attempt.interval - (attempt.clock.monotonic() - attempt.written_at)
        attempt.clock.call_later(max(left, 0.0), write)

    async def load_state(self, /, *, default: Any = None) -> Any:
        attempt = self._attempt
        attempt.check()
        if attempt.state is None:
            return default
        return attempt.definition.decode_state(attempt.state, attempt.state_version)

    async def kept(self, key: bytes, /) -> bytes | None:
        attempt = self._attempt
        attempt.check()
        unstored = attempt.find_kept(key)
        if unstored is not None:
            return unstored
        found: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        attempt.port.kept(key, found)
        return await found

    async def run_in_pool(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._attempt.check()
        refuse_coroutine_function(fn)
        return await self._pool.run(fn, *args, **kwargs)

    async def map(self, fn: Callable[[T], R], items: Iterable[T], /, *, limit: int | None = None) -> list[R]:
        self._attempt.check()
        refuse_coroutine_function(fn)

        async def call(item: T) -> R:
            return await self._pool.run(fn, item)

        return await bounded_map(call, items, limit=limit or default_fan(), interrupter=self._attempt.interrupter)

    async def spawn_child(
        self, job: Job[Any, OutT], /, *, key: str | None = None, after: Iterable[JobHandle[Any]] = ()
    ) -> JobHandle[OutT]:
        definition = registry.definition_of(job)
        with self._attempt.spawning(definition.kind) as trace:
            request = spawn_request(definition, job, key, after, self._keys, trace)
            child = JobId.from_bytes(await call(self._attempt, "spawn", request))
        return ChildHandle(self._attempt, child, self._outside)

    async def wait_for_children(self, *, on_failure: Literal["raise", "settle"] = "raise") -> Any:
        if on_failure not in ("raise", "settle"):
            raise ValueError(f'on_failure={on_failure!r}: say "raise" or "settle"')
        await call(self._attempt, "children")
        ended: list[Ended] = []
        while page := await call(self._attempt, "children_page", ended[-1].job if ended else b""):
            ended += page
        if on_failure == "settle":
            return {JobId.from_bytes(one.job): outcome_of(one, registry) for one in ended}
        raise_failures(ended, registry)
        return None

    async def step(self, key: str, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        attempt, kind = self._attempt, self._attempt.definition.kind
        key = checked_key("step", key)
        known = await call(attempt, "read_step", key)
        if known is None:
            if inspect.iscoroutinefunction(fn):
                result = await fn(*args, **kwargs)
            else:
                result = await self.run_in_pool(fn, *args, **kwargs)
            data = encode_result(kind, key, fn, result)
            return decode_result(kind, key, fn, await call(attempt, "store_step", (key, data)))
        verb, data = known
        if verb != "step":
            raise ValueError(f"{key!r} is the key of a sleep already")
        return decode_result(kind, key, fn, data)

    async def failed_before(self, after: ItemInfo | None = None, /) -> Sequence[ItemInfo]:
        rows = await call(self._attempt, "failed_before", after.seq if after is not None else -1)
        return [failed_item(row) for row in rows]

    async def sleep(self, delay: timedelta | float, /, *, key: str) -> None:
        await call(self._attempt, "sleep", (checked_key("sleep", key), seconds_of(delay)))

    async def ask(self, question: str, /, *, key: str, choices: Iterable[Any] = (), topic: str = "") -> Any:
        answers = await self.ask_all({key: question}, choices=choices, topic=topic)
        return answers[key]

    async def ask_all(self, questions: Mapping[str, str], /, *, choices: Iterable[Any] = (), topic: str = "") -> Any:
        allowed = Choices(choices)
        answers = await call(self._attempt, "ask", ask_request(questions, allowed, topic))
        return {key: allowed.answer(answer) for key, answer in zip(questions, answers, strict=True)}


def failed_item(row: tuple[int, bytes, str]) -> ItemInfo:
    seq, item, reason = row
    return ItemInfo(seq, printable(item), item, "error", reason)


async def _claimed(attempt: Attempt, durable: asyncio.Future[None]) -> None:
    """Await a write; a lost claim ends the attempt here."""
    try:
        await durable
    except AttemptEnded:
        attempt.lost()
        raise


def refuse_coroutine_function(fn: Callable[..., Any]) -> None:
    """A coroutine function in a thread would return a coroutine that nobody awaits."""
    if inspect.iscoroutinefunction(fn):
        raise TypeError(f"{fn!r} is a coroutine function: await it, or pass a plain function to the pool")


def default_fan() -> int:
    """How many calls of one `map` run at once where no limit is given: the number of cores."""
    return max(2, os.cpu_count() or 1)
