"""Requests to stop, from any thread."""

from __future__ import annotations

import asyncio
import threading
import timeit

import pytest

from spacedrive_jobs._model.interruption import STRENGTH, Interruption, JobInterrupted
from spacedrive_jobs._pool.interrupter import Interrupter, current_interrupter, interrupt_requested, strongest
from spacedrive_jobs._pool.threads import ThreadPool

pytestmark = pytest.mark.timeout(10)


class TestRequest:
    def test_nothing_at_first(self) -> None:
        interrupter = Interrupter()
        interrupter.check()
        assert interrupter.requested is None
        assert interrupter.acknowledge() is None

    @pytest.mark.parametrize("first", Interruption)
    @pytest.mark.parametrize("second", Interruption)
    def test_the_strongest_wins_in_any_order(self, first: Interruption, second: Interruption) -> None:
        interrupter = Interrupter()
        interrupter.request(first)
        interrupter.request(second)
        assert interrupter.requested is max((first, second), key=STRENGTH.__getitem__)

    def test_check_raises_again_and_again(self) -> None:
        interrupter = Interrupter()
        interrupter.request(Interruption.PAUSE)
        for _ in range(3):
            with pytest.raises(JobInterrupted) as caught:
                interrupter.check()
            assert caught.value.kind is Interruption.PAUSE

    def test_strongest_of_none(self) -> None:
        assert strongest(()) is None


class TestWithdraw:
    def test_before_it_was_acted_upon(self) -> None:
        interrupter = Interrupter()
        interrupter.request(Interruption.PAUSE)
        assert interrupter.withdraw(Interruption.PAUSE)
        interrupter.check()

    def test_not_after_a_check(self) -> None:
        interrupter = Interrupter()
        interrupter.request(Interruption.PAUSE)
        with pytest.raises(JobInterrupted):
            interrupter.check()
        assert not interrupter.withdraw(Interruption.PAUSE)
        assert interrupter.requested is Interruption.PAUSE

    def test_not_after_pool_code_has_seen_it(self) -> None:
        interrupter = Interrupter()
        interrupter.request(Interruption.PAUSE)
        token = current_interrupter.set(interrupter)
        try:
            assert interrupt_requested()
        finally:
            current_interrupter.reset(token)
        assert not interrupter.withdraw(Interruption.PAUSE)

    def test_leaves_the_weaker_one(self) -> None:
        interrupter = Interrupter()
        interrupter.request(Interruption.SUSPEND)
        interrupter.request(Interruption.PAUSE)
        assert interrupter.withdraw(Interruption.PAUSE)
        assert interrupter.requested is Interruption.SUSPEND

    def test_what_was_not_requested(self) -> None:
        interrupter = Interrupter()
        interrupter.request(Interruption.CANCEL)
        assert not interrupter.withdraw(Interruption.PAUSE)
        assert interrupter.requested is Interruption.CANCEL


class TestListeners:
    def test_hear_each_strengthening_once(self) -> None:
        heard: list[Interruption] = []
        interrupter = Interrupter()
        interrupter.add_listener(heard.append)
        for kind in (Interruption.PAUSE, Interruption.PAUSE, Interruption.SUSPEND, Interruption.CANCEL):
            interrupter.request(kind)
        assert heard == [Interruption.PAUSE, Interruption.CANCEL]

    def test_hear_at_once_of_what_is_pending(self) -> None:
        heard: list[Interruption] = []
        interrupter = Interrupter()
        interrupter.request(Interruption.PAUSE)
        interrupter.add_listener(heard.append)
        assert heard == [Interruption.PAUSE]

    def test_can_be_removed(self) -> None:
        heard: list[Interruption] = []
        interrupter = Interrupter()
        interrupter.add_listener(heard.append)
        interrupter.remove_listener(heard.append)
        interrupter.remove_listener(print)
        interrupter.request(Interruption.PAUSE)
        assert heard == []

    def test_one_that_fails_does_not_keep_the_others_from_hearing(self, caplog: pytest.LogCaptureFixture) -> None:
        heard: list[Interruption] = []

        def fail(kind: Interruption) -> None:
            raise ValueError("deaf")

        interrupter = Interrupter()
        interrupter.add_listener(fail)
        interrupter.add_listener(heard.append)
        interrupter.request(Interruption.PAUSE)
        assert heard == [Interruption.PAUSE]
        assert "deaf" in caplog.text


class TestWait:
    async def test_is_woken_from_another_thread(self) -> None:
        interrupter = Interrupter()
        threading.Timer(0, interrupter.request, (Interruption.SHUTDOWN,)).start()
        assert await interrupter.wait() is Interruption.SHUTDOWN

    async def test_a_request_withdrawn_before_the_waiter_ran_wakes_nobody(self) -> None:
        interrupter = Interrupter()
        waiter = asyncio.get_running_loop().create_task(interrupter.wait())
        await asyncio.sleep(0)
        interrupter.request(Interruption.PAUSE)
        assert interrupter.withdraw(Interruption.PAUSE)
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiter.done()
        interrupter.request(Interruption.CANCEL)
        assert await waiter is Interruption.CANCEL


class TestGuard:
    async def test_the_result(self) -> None:
        async def answer() -> int:
            return 42

        assert await Interrupter().guard(answer()) == 42

    async def test_an_error(self) -> None:
        async def fail() -> None:
            raise ValueError("as it was")

        with pytest.raises(ValueError, match="as it was"):
            await Interrupter().guard(fail())

    async def test_a_request_ends_the_wait(self) -> None:
        ended: list[str] = []

        async def wait() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append("cleaned up")

        interrupter = Interrupter()
        guarded = asyncio.get_running_loop().create_task(interrupter.guard(wait()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        interrupter.request(Interruption.PAUSE)
        with pytest.raises(JobInterrupted):
            await guarded
        assert ended == ["cleaned up"]

    async def test_a_cancelled_guard_cancels_what_it_guards(self) -> None:
        inner = asyncio.get_running_loop().create_future()
        guarded = asyncio.get_running_loop().create_task(Interrupter().guard(inner))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        guarded.cancel()
        with pytest.raises(asyncio.CancelledError):
            await guarded
        assert inner.cancelled()


class TestInterruptRequested:
    async def test_in_a_thread_of_the_pool(self) -> None:
        pool = ThreadPool(1)
        interrupter = Interrupter()
        current_interrupter.set(interrupter)
        began = threading.Event()

        def spin() -> str:
            began.set()
            while not interrupt_requested():
                pass
            return "stopped"

        future = pool.submit(spin)
        assert began.wait(5)
        interrupter.request(Interruption.PAUSE)
        assert future.result(5) == "stopped"
        pool.close()

    def test_costs_less_than_a_microsecond(self) -> None:
        assert not interrupt_requested()
        current_interrupter.set(Interrupter())
        best = min(timeit.repeat(interrupt_requested, number=20_000, repeat=7)) / 20_000
        assert best < 1e-6
