"""The thread pool: real threads, and locks to see what they do."""

from __future__ import annotations

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from spacedrive_jobs._pool.threads import ThreadPool, ThreadPoolClosed
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(10)


@pytest.fixture
def pool() -> Iterator[ThreadPool]:
    pool = ThreadPool(2)
    yield pool
    pool.close()


class Gate:
    """A call that says when it has begun and returns when it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> str:
        self.began.set()
        assert self.open.wait(5)
        return threading.current_thread().name


@pytest.fixture
def gates() -> Iterator[list[Gate]]:
    gates = [Gate() for _ in range(4)]
    yield gates
    for gate in gates:
        gate.open.set()


def names_of_threads(prefix: str) -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith(prefix)]


class TestCalls:
    def test_submit(self, pool: ThreadPool) -> None:
        assert pool.submit(divmod, 7, 2).result() == (3, 1)
        assert pool.submit(int, "ff", base=16).result() == 255

    async def test_run(self, pool: ThreadPool) -> None:
        assert await pool.run(divmod, 7, 2) == (3, 1)

    @pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, MemoryError])
    async def test_errors_come_back_and_the_thread_lives_on(self, pool: ThreadPool, kind: type[BaseException]) -> None:
        def fail() -> None:
            raise kind("as it was")

        with pytest.raises(kind, match="as it was"):
            await pool.run(fail)
        with pytest.raises(kind, match="as it was"):
            pool.submit(fail).result()
        assert await pool.run(int) == 0
        assert pool.threads <= 2

    async def test_stop_iteration_cannot_travel(self, pool: ThreadPool) -> None:
        with pytest.raises(RuntimeError, match="StopIteration"):
            await pool.run(next, iter(()))
        with pytest.raises(RuntimeError, match="StopIteration"):
            pool.submit(next, iter(())).result()

    async def test_a_coroutine_function_is_refused(self, pool: ThreadPool) -> None:
        async def coroutine() -> None: ...

        with pytest.raises(TypeError, match="await it"):
            await pool.run(cast("Callable[[], None]", coroutine))

    async def test_the_callers_context(self, pool: ThreadPool) -> None:
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

        def look_and_change() -> str:
            seen = variable.get()
            variable.set("changed in the thread")
            return seen

        variable.set("the caller's")
        assert await pool.run(look_and_change) == "the caller's"
        assert pool.submit(look_and_change).result() == "the caller's"
        assert variable.get() == "the caller's"


class TestThreads:
    def test_grow_on_demand_and_are_reused(self, pool: ThreadPool, gates: list[Gate]) -> None:
        names = {pool.submit(threading.get_ident).result() for _ in range(20)}
        eventually(lambda: pool.busy == 0)
        assert pool.threads <= 2
        assert len(names) <= 2

    def test_no_more_than_the_limit(self, pool: ThreadPool, gates: list[Gate]) -> None:
        futures = [pool.submit(gate) for gate in gates]
        assert gates[0].began.wait(5)
        assert gates[1].began.wait(5)
        assert (pool.threads, pool.busy) == (2, 2)
        assert not gates[2].began.is_set()
        gates[0].open.set()
        assert gates[2].began.wait(5)
        for gate in gates:
            gate.open.set()
        assert len({future.result() for future in futures}) == 2

    def test_a_waiting_call_can_be_cancelled_a_running_one_not(self, pool: ThreadPool, gates: list[Gate]) -> None:
        futures = [pool.submit(gate) for gate in gates]
        assert gates[1].began.wait(5)
        assert futures[3].cancel()
        assert not futures[0].cancel()
        for gate in gates[:3]:
            gate.open.set()
        futures[2].result()
        assert not gates[3].began.is_set()

    async def test_a_cancelled_waiter_leaves_a_running_call_alone(self, pool: ThreadPool, gates: list[Gate]) -> None:
        waiter = asyncio.get_running_loop().create_task(pool.run(gates[0]))
        await asyncio.sleep(0)
        assert gates[0].began.wait(5)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert pool.busy == 1
        gates[0].open.set()
        eventually(lambda: pool.busy == 0)

    async def test_a_call_whose_waiter_is_gone_before_it_began_is_left_out(self, gates: list[Gate]) -> None:
        pool = ThreadPool(1)
        first = pool.submit(gates[0])
        waiter = asyncio.get_running_loop().create_task(pool.run(gates[1]))
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.sleep(0)
        gates[0].open.set()
        first.result()
        eventually(lambda: pool.busy == 0)
        assert not gates[1].began.is_set()
        pool.close()


class TestWriteOff:
    def test_a_stuck_thread_gives_its_place_back(self, gates: list[Gate]) -> None:
        pool = ThreadPool(2, name="write-off-test")
        futures = [pool.submit(gate) for gate in gates[:3]]
        assert gates[1].began.wait(5)
        assert pool.write_off(futures[0])
        assert gates[2].began.wait(5)
        assert (pool.threads, pool.stuck) == (2, 1)
        assert not futures[0].done()
        gates[0].open.set()
        futures[0].result()
        eventually(lambda: pool.stuck == 0)
        assert pool.threads == 2
        eventually(lambda: len(names_of_threads("write-off-test")) == 2, what="the end of the third thread")

    def test_only_what_runs_and_only_once(self, pool: ThreadPool, gates: list[Gate]) -> None:
        futures = [pool.submit(gate) for gate in gates[:3]]
        assert gates[1].began.wait(5)
        assert not pool.write_off(futures[2])
        assert pool.write_off(futures[0])
        assert not pool.write_off(futures[0])
        gates[1].open.set()
        futures[1].result()
        assert not pool.write_off(futures[1])


class TestClose:
    def test_what_waits_is_told(self, gates: list[Gate]) -> None:
        pool = ThreadPool(1)
        running, waiting, cancelled = (pool.submit(gate) for gate in gates[:3])
        assert gates[0].began.wait(5)
        cancelled.cancel()
        pool.close()
        with pytest.raises(ThreadPoolClosed):
            waiting.result()
        with pytest.raises(ThreadPoolClosed):
            pool.submit(int)
        gates[0].open.set()
        running.result()
        eventually(lambda: pool.threads == 0)

    def test_idle_threads_end(self) -> None:
        pool = ThreadPool(2, name="closing-test")
        pool.submit(int).result()
        eventually(lambda: pool.busy == 0)
        assert names_of_threads("closing-test")
        pool.close()
        eventually(lambda: not names_of_threads("closing-test"))

    def test_the_program_ends_in_spite_of_a_stuck_thread(self) -> None:
        code = (
            "import threading\n"
            "from spacedrive_jobs._pool.threads import ThreadPool\n"
            "began = threading.Event()\n"
            "def stuck():\n"
            "    began.set()\n"
            "    threading.Event().wait()\n"
            "ThreadPool(1).submit(stuck)\n"
            "began.wait()\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        subprocess.run([sys.executable, "-c", code], check=True, timeout=9, env=environment)

    async def test_a_closed_loop_is_no_trouble(self, pool: ThreadPool, gates: list[Gate]) -> None:
        def other_loop() -> None:
            async def start() -> None:
                asyncio.get_running_loop().create_task(pool.run(gates[0]))
                await asyncio.sleep(0)

            asyncio.run(start())

        await asyncio.to_thread(other_loop)
        gates[0].open.set()
        eventually(lambda: pool.busy == 0)
        assert await pool.run(int) == 0

    def test_less_than_one_thread_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            ThreadPool(0)
