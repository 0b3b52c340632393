"""bounded_map: how many at once, in which order, and how it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._tasks.fanout import bounded_map
from spacedrive_jobs._tasks.interrupt import Interrupter


class Calls:
    """Counts how many are under way; lets each return when told."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.begun: list[int] = []
        self.gates: dict[int, asyncio.Event] = {}

    async def __call__(self, item: int) -> int:
        self.begun.append(item)
        self.now += 1
        self.most = max(self.most, self.now)
        gate = self.gates.setdefault(item, asyncio.Event())
        try:
            await gate.wait()
        finally:
            self.now -= 1
        return item * item

    async def let_go(self, *items: int) -> None:
        for item in items:
            self.gates[item].set()
        for _ in range(4):
            await asyncio.sleep(0)


async def begin(
    calls: Calls, count: int, *, limit: int, interrupter: Interrupter | None = None
) -> asyncio.Task[list[int]]:
    mapping = bounded_map(calls, range(count), limit=limit, interrupter=interrupter)
    task = asyncio.get_running_loop().create_task(mapping)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_bounded_and_in_order_of_the_items() -> None:
    calls = Calls()
    mapping = await begin(calls, 5, limit=2)
    assert calls.begun == [0, 1]
    await calls.let_go(1)
    assert calls.begun == [0, 1, 2]
    await calls.let_go(2, 0)
    await calls.let_go(4, 3)
    assert await mapping == [0, 1, 4, 9, 16]
    assert calls.most == 2


async def test_nothing_to_do() -> None:
    assert await bounded_map(Calls(), [], limit=3) == []


async def test_no_more_tasks_than_items() -> None:
    calls = Calls()
    mapping = await begin(calls, 2, limit=1000)
    assert len(asyncio.all_tasks()) <= 4
    await calls.let_go(0, 1)
    assert await mapping == [0, 1]


async def test_items_are_drawn_as_calls_start() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1_000_000):
            drawn.append(number)
            yield number

    interrupter = Interrupter()

    async def call(item: int) -> None:
        if item == 100:
            interrupter.request(Interruption.PAUSE)

    with pytest.raises(JobInterrupted):
        await bounded_map(call, items(), limit=3, interrupter=interrupter)
    assert len(drawn) < 110


async def test_an_error_stops_new_calls_and_waits_for_those_in_flight() -> None:
    calls = Calls()

    async def call(item: int) -> int:
        if item == 1:
            raise ValueError("as it was")
        return await calls(item)

    mapping = asyncio.get_running_loop().create_task(bounded_map(call, range(10), limit=2))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not mapping.done()
    await calls.let_go(0)
    with pytest.raises(ValueError, match="as it was"):
        await mapping
    assert calls.begun == [0]


async def test_an_error_of_the_items_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    async def call(item: int) -> int:
        return item

    with pytest.raises(OSError, match="the disk is gone"):
        await bounded_map(call, items(), limit=2)


async def test_an_interruption_starts_nothing_new_and_waits() -> None:
    calls, interrupter = Calls(), Interrupter()
    mapping = await begin(calls, 10, limit=2, interrupter=interrupter)
    interrupter.request(Interruption.PAUSE)
    await calls.let_go(0)
    assert calls.begun == [0, 1]
    assert not mapping.done()
    await calls.let_go(1)
    with pytest.raises(JobInterrupted) as caught:
        await mapping
    assert caught.value.kind is Interruption.PAUSE


async def test_an_interruption_before_the_first_call() -> None:
    calls, interrupter = Calls(), Interrupter()
    interrupter.request(Interruption.CANCEL)
    with pytest.raises(JobInterrupted):
        await bounded_map(calls, range(3), limit=2, interrupter=interrupter)
    assert calls.begun == []


async def test_all_done_in_spite_of_an_interruption_gives_the_results() -> None:
    calls, interrupter = Calls(), Interrupter()
    mapping = await begin(calls, 2, limit=3, interrupter=interrupter)
    interrupter.request(Interruption.PAUSE)
    await calls.let_go(0, 1)
    assert await mapping == [0, 1]


async def test_an_interruption_raised_by_a_call_is_raised_bare_and_an_error_before_it() -> None:
    async def interrupted(item: int) -> None:
        raise JobInterrupted(Interruption.PAUSE if item else Interruption.SUSPEND)

    with pytest.raises(JobInterrupted) as caught:
        await bounded_map(interrupted, range(2), limit=2)
    assert caught.value.kind is Interruption.PAUSE

    async def worse(item: int) -> None:
        raise ValueError("worse") if item else JobInterrupted(Interruption.CANCEL)

    with pytest.raises(ValueError, match="worse"):
        await bounded_map(worse, range(2), limit=2)


async def test_cancelling_the_caller_cancels_the_calls() -> None:
    calls = Calls()
    mapping = await begin(calls, 10, limit=3)
    assert calls.now == 3
    mapping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mapping
    assert calls.now == 0
    assert calls.begun == [0, 1, 2]


async def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        await bounded_map(Calls(), [1], limit=0)
