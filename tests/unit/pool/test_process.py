"""Child processes: real ones."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._pool.identity import group_members, is_alive, start_time
from spacedrive_jobs._pool.interrupter import Interrupter, current_interrupter
from spacedrive_jobs._pool.process import (
    CallReturned,
    Child,
    ChildDied,
    ChildPool,
    ChildPoolClosed,
    ChildRaised,
    run_in_child,
)
from tests.unit.pool import called
from tests.waiting import aeventually, eventually

pytestmark = pytest.mark.timeout(15)

CALLED = called.__name__


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    async with ChildPool(warm=0, keep=4) as pool:
        yield pool


@pytest.fixture
async def child(pool: ChildPool) -> AsyncIterator[Child]:
    child = await pool.acquire()
    yield child
    pool.release(child)


async def seen(path: Path) -> None:
    async def look() -> bool:
        return path.exists()

    await aeventually(look, what=f"{path.name} by the child")


class TestRun:
    async def test_result_and_reuse(self, pool: ChildPool) -> None:
        assert await run_in_child(pool, called.add, 2, right=3) == 5
        first = await pool.run(called.pid)
        assert await pool.run(called.pid) == first
        assert pool.children == 1

    async def test_an_error_is_raised_as_it_was_with_the_childs_traceback(self, pool: ChildPool) -> None:
        with pytest.raises(ValueError, match="no such luck") as caught:
            await pool.run(called.fail, "no such luck")
        assert isinstance(caught.value.__cause__, ChildRaised)
        assert "called.py" in caught.value.__cause__.traceback
        assert await pool.run(called.add, 1) == 1

    async def test_an_error_that_cannot_be_sent_is_told(self, pool: ChildPool) -> None:
        with pytest.raises(ChildRaised, match="Odd: 3: it is") as caught:
            await pool.run(called.fail_oddly)
        assert caught.value.error_type == "Odd"

    async def test_a_message_that_is_not_text_is_told(self, pool: ChildPool) -> None:
        with pytest.raises(ValueError, match="\udce9"):
            await pool.run(called.fail, os.fsdecode(b"\xe9"))

    async def test_a_base_exception_ends_the_call_alone(self, pool: ChildPool) -> None:
        first = await pool.run(called.pid)
        with pytest.raises(SystemExit, match="7"):
            await pool.run(called.leave)
        with pytest.raises(JobInterrupted) as caught:
            await pool.run(called.be_interrupted)
        assert caught.value.kind is Interruption.PAUSE
        assert await pool.run(called.pid) == first

    async def test_what_cannot_be_sent_is_refused_with_advice(self, pool: ChildPool) -> None:
        with pytest.raises(TypeError, match="picklable"):
            await pool.run(lambda: None)
        with pytest.raises(TypeError, match="pickle"):
            await pool.run(called.unpicklable)

        def outside() -> None: ...

        outside.__module__ = "__main__"
        with pytest.raises(TypeError, match="module of its own"):
            await pool.run(outside)

    async def test_its_surroundings(self, pool: ChildPool) -> None:
        around = await pool.run(called.look_around)
        assert around["path"] == [entry or os.getcwd() for entry in sys.path]
        assert around["sigint"]
        assert around["session"]
        assert around["stdin"]
        main = around["main"]
        assert isinstance(main, list)
        assert "serve" not in main


class TestStart:
    def test_imports_nothing_heavy(self) -> None:
        """A child that has been called nothing yet has loaded nothing of ours and little of the standard library."""
        import spacedrive_jobs._pool.child as module

        code = f"import runpy; runpy.run_path({module.__file__!r}); import sys; print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
        assert not {"spacedrive_jobs", "asyncio", "subprocess", "logging", "msgspec", "apsw"} & set(loaded.split())

    async def test_preloaded_modules(self) -> None:
        async with ChildPool(warm=1, preload=("colorsys", "no_such_module")) as pool:
            child = await pool.acquire()
            await child.ready()
            assert child.load_problems == ["no_such_module: ModuleNotFoundError: No module named 'no_such_module'"]
            around = await child.run(called.look_around)
            assert isinstance(around["modules"], list)
            assert "colorsys" in around["modules"]
            pool.release(child)

    async def test_an_interpreter_that_cannot_start(self) -> None:
        async with ChildPool(warm=0, python="/bin/false") as pool:
            with pytest.raises(ChildDied, match="exited with code 1"):
                await pool.run(called.pid)
            assert pool.children == 0

    async def test_its_identity(self, child: Child) -> None:
        assert child.group == child.pid == os.getpgid(child.pid)
        assert child.started == start_time(child.pid)


class TestCalls:
    async def test_messages_both_ways(self, child: Child) -> None:
        await child.begin(f"{CALLED}:echo", b"the value")
        for message in (b"x", b"y" * 1_000_000, bytes(70_000)):
            await child.send(message)
            assert await child.recv() == message
        await child.send(b"")
        with pytest.raises(CallReturned) as caught:
            await child.recv()
        assert caught.value.value == b"the value"
        assert child.is_free

    async def test_calls_one_after_another(self, child: Child) -> None:
        assert await child.call(f"{CALLED}:nothing") == b""
        await child.begin(f"{CALLED}:echo_in_a_loop")
        await child.send(b"async")
        assert await child.recv() == b"async"
        await child.send(b"")
        assert await child.finish() == b""
        await child.begin(f"{CALLED}:echo", b"blocking again")
        await child.send(b"")
        assert await child.finish() == b"blocking again"

    async def test_one_at_a_time(self, child: Child) -> None:
        await child.begin(f"{CALLED}:echo")
        with pytest.raises(RuntimeError, match="not free"):
            await child.begin(f"{CALLED}:echo")
        await child.send(b"")
        await child.finish()
        with pytest.raises(RuntimeError, match="no call is under way"):
            await child.recv()

    async def test_an_entry_that_is_not_there(self, child: Child) -> None:
        with pytest.raises(ChildRaised, match="has no attribute 'nobody'"):
            await child.call(f"{CALLED}:nobody")
        with pytest.raises(ChildRaised, match="ModuleNotFoundError"):
            await child.call("no_such_module:nobody")
        assert await child.call(f"{CALLED}:nothing") == b""

    async def test_both_sides_write_more_than_the_pipe_holds(self, child: Child) -> None:
        """Each waits for room while the other does: whoever does not read on would wait for ever."""
        await child.begin(f"{CALLED}:echo")
        message = bytes(3_000_000)
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(child.send(message))
        for _ in range(5):
            assert await child.recv() == message
        await child.send(b"")
        await child.finish()

    async def test_many_messages_that_nobody_reads_yet(self, child: Child) -> None:
        await child.begin(f"{CALLED}:flood", b"20000")
        await child.send(b"goes past")
        received = [await child.recv() for _ in range(20_000)]
        assert received == [str(number).encode() for number in range(20_000)]
        await child.finish()

    async def test_descriptors_with_a_call(self, child: Child, tmp_path: Path) -> None:
        fds: list[int] = []
        for name in ("one", "two"):
            (tmp_path / name).write_text(name)
            fds.append(os.open(tmp_path / name, os.O_RDONLY))
        try:
            assert await child.call(f"{CALLED}:read_descriptors", b"", fds) == b"one,two"
        finally:
            for fd in fds:
                os.close(fd)

    async def test_a_descriptor_with_a_message(self, child: Child) -> None:
        await child.begin(f"{CALLED}:send_a_descriptor", b"through the pipe")
        assert await child.recv() == b"here"
        (fd,) = child.take_fds()
        assert not os.get_inheritable(fd)
        with open(fd, "rb") as file:
            assert file.read() == b"through the pipe"
        await child.finish()

    async def test_descriptors_that_nobody_took_are_closed_when_the_call_ends(self, child: Child) -> None:
        reading, writing = os.pipe()
        await child.call(f"{CALLED}:nothing", b"", [writing])
        os.close(writing)
        assert os.read(reading, 1) == b""
        os.close(reading)

    async def test_descriptors_do_not_add_up(self, child: Child) -> None:
        before = int(await child.call(f"{CALLED}:count_descriptors"))
        reading, writing = os.pipe()
        for _ in range(5):
            await child.call(f"{CALLED}:nothing", b"", [reading, writing])
        os.close(reading)
        os.close(writing)
        assert int(await child.call(f"{CALLED}:count_descriptors")) == before


class TestDeath:
    @pytest.mark.parametrize(
        ("call", "words"),
        [
            ((called.exit_hard, 3), "exited with code 3"),
            ((called.die, signal.SIGSEGV), "killed by SIGSEGV"),
            ((called.die, signal.SIGKILL), "killed by SIGKILL; the system may have run out of memory"),
        ],
    )
    async def test_in_words(self, pool: ChildPool, call: tuple[object, int], words: str) -> None:
        fn, argument = call
        assert callable(fn)
        with pytest.raises(ChildDied, match=words):
            await pool.run(fn, argument)
        assert pool.children == 0

    async def test_one_killed_child_never_harms_another(self, pool: ChildPool) -> None:
        one, other = await pool.acquire(), await pool.acquire()
        await other.begin(f"{CALLED}:echo", b"unharmed")
        await one.begin(f"{CALLED}:echo")
        os.kill(one.pid, signal.SIGKILL)
        with pytest.raises(ChildDied):
            await one.recv()
        await other.send(b"still there")
        assert await other.recv() == b"still there"
        await other.send(b"")
        assert await other.finish() == b"unharmed"
        pool.release(one)
        pool.release(other)
        assert (pool.children, pool.idle) == (1, 1)

    async def test_sending_to_a_dead_child(self, child: Child) -> None:
        await child.begin(f"{CALLED}:echo")
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
        with pytest.raises(ChildDied):
            await child.send(b"anybody there?")

    async def test_a_message_sent_before_death_arrives(self, child: Child) -> None:
        await child.begin(f"{CALLED}:flood", b"3")
        for number in range(3):
            assert await child.recv() == str(number).encode()
        with pytest.raises(CallReturned):
            await child.recv()

    async def test_a_child_that_leaves_its_pipe_is_ended(self, child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("spacedrive_jobs._pool.child_process.KILL_GRACE", 0.05)
        await child.begin(f"{CALLED}:spoil_the_wire")
        with pytest.raises(ChildDied):
            await child.recv()
        assert not is_alive(child.pid, child.started)

    async def test_what_it_started_ends_with_it(self, child: Child, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        calling = asyncio.get_running_loop().create_task(child.run(called.with_a_grandchild, str(ready)))
        await seen(ready)
        grandchild = int(ready.read_text())
        started = start_time(grandchild)
        assert started is not None
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(ChildDied):
            await calling
        eventually(lambda: not is_alive(grandchild, started), what="the end of the grandchild")

    async def test_an_idle_child_that_dies_is_replaced(self, pool: ChildPool) -> None:
        first = await pool.run(called.pid)
        os.kill(first, signal.SIGKILL)

        async def gone() -> bool:
            return pool.children == 0

        await aeventually(gone)
        assert await pool.run(called.pid) != first


class TestKill:
    async def test_sigterm_lets_finally_run(self, child: Child, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        calling = asyncio.get_running_loop().create_task(child.run(called.wait_for_ever, str(ready)))
        await seen(ready)
        await child.kill(grace=10)
        assert not ready.exists()
        with pytest.raises(ChildDied, match="exited with code 143"):
            await calling

    async def test_sigkill_after_the_grace(self, child: Child, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        calling = asyncio.get_running_loop().create_task(child.run(called.spin, str(ready)))
        await seen(ready)
        await child.kill(grace=0.05)
        with pytest.raises(ChildDied, match="SIGKILL") as caught:
            await calling
        assert caught.value.signal is signal.SIGKILL

    async def test_the_whole_group(self, child: Child, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        calling = asyncio.get_running_loop().create_task(child.run(called.with_a_grandchild, str(ready)))
        await seen(ready)
        group = child.group
        assert len(group_members(group)) == 2
        await child.kill(grace=0.1)
        eventually(lambda: not group_members(group), what="the end of the group")
        with pytest.raises(ChildDied):
            await calling

    async def test_the_grace_is_for_the_whole_group(self, child: Child, tmp_path: Path) -> None:
        ready, tidied = tmp_path / "ready", tmp_path / "tidied"
        calling = asyncio.get_running_loop().create_task(
            child.run(called.with_a_tidy_grandchild, str(ready), str(tidied))
        )
        await seen(ready)
        async with asyncio.timeout(10):
            await child.kill(grace=60)
        assert tidied.exists()
        with pytest.raises(ChildDied, match="143"):
            await calling

    async def test_a_second_kill_without_grace_cuts_the_first_short(self, child: Child, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        calling = asyncio.get_running_loop().create_task(child.run(called.spin, str(ready)))
        await seen(ready)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(child.kill(grace=1000))
            await asyncio.sleep(0)
            group.create_task(child.kill(grace=0))
        with pytest.raises(ChildDied):
            await calling

    async def test_a_dead_child(self, child: Child) -> None:
        await child.ready()
        await child.kill(grace=0)
        await child.kill()
        with pytest.raises(ChildDied):
            await child.ready()

    async def test_a_cancelled_waiter_kills(self, pool: ChildPool, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        calling = asyncio.get_running_loop().create_task(pool.run(called.wait_for_ever, str(ready)))
        await seen(ready)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling

        async def gone() -> bool:
            return pool.children == 0

        await aeventually(gone)
        assert not ready.exists()


class TestInterruption:
    async def test_is_passed_on(self, pool: ChildPool, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        interrupter = Interrupter()
        current_interrupter.set(interrupter)
        calling = asyncio.get_running_loop().create_task(pool.run(called.until_interrupted, str(ready)))
        await seen(ready)
        interrupter.request(Interruption.CANCEL)
        assert await calling == "cancel"
        assert not interrupter.withdraw(Interruption.CANCEL)

    async def test_does_not_outlast_its_call(self, child: Child, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        for kind in Interruption:
            calling = asyncio.get_running_loop().create_task(child.run(called.until_interrupted, str(ready)))
            await seen(ready)
            child.interrupt(kind)
            assert await calling == kind.value
            ready.unlink()


class TestPool:
    async def test_warm_children_wait(self) -> None:
        async with ChildPool(warm=2, keep=2) as pool:
            assert pool.idle == 2
            child = await pool.acquire()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert (pool.children, pool.idle) == (3, 2)
            pool.release(child)
            assert pool.idle == 2

    async def test_the_limit(self) -> None:
        async with ChildPool(warm=0, limit=1) as pool:
            child = await pool.acquire()
            waiting = asyncio.get_running_loop().create_task(pool.acquire())
            given_up = asyncio.get_running_loop().create_task(pool.acquire())
            last = asyncio.get_running_loop().create_task(pool.acquire())
            await asyncio.sleep(0)
            given_up.cancel()
            pool.release(child)
            assert await waiting is child
            pool.release(child)
            assert await last is child
            pool.release(child)

    async def test_a_waiter_that_is_let_in_and_does_not_come_lets_the_next_in(self) -> None:
        async with ChildPool(warm=0, limit=1) as pool:
            child = await pool.acquire()
            let_in = asyncio.get_running_loop().create_task(pool.acquire())
            last = asyncio.get_running_loop().create_task(pool.acquire())
            await asyncio.sleep(0)
            pool.release(child)
            let_in.cancel()
            assert await last is child
            pool.release(child)

    async def test_a_waiter_gets_in_after_a_death(self) -> None:
        async with ChildPool(warm=0, limit=1) as pool:
            child = await pool.acquire()
            waiting = asyncio.get_running_loop().create_task(pool.acquire())
            await asyncio.sleep(0)
            await child.kill(grace=0)
            other = await waiting
            assert other is not child
            pool.release(other)
            pool.release(child)

    @pytest.mark.parametrize("leave", [called.leave_a_thread, called.leave_a_process])
    async def test_a_call_that_leaves_something_behind_soils_its_child(self, pool: ChildPool, leave: object) -> None:
        assert callable(leave)
        first = await pool.run(called.pid)
        await pool.run(leave)
        assert pool.idle == 0
        assert await pool.run(called.pid) != first

    async def test_a_thread_that_is_about_to_end_soils_nothing(self, pool: ChildPool) -> None:
        first = await pool.run(called.pid)
        await pool.run(called.leave_a_thread_that_ends)
        assert await pool.run(called.pid) == first

    async def test_no_more_than_keep_are_kept(self) -> None:
        async with ChildPool(warm=0, keep=1) as pool:
            first, second = await pool.acquire(), await pool.acquire()
            pool.release(first)
            pool.release(second)
            assert await second.wait() == 0
            assert pool.idle == 1

    async def test_close_ends_all(self, tmp_path: Path) -> None:
        pool = ChildPool(warm=1)
        pool.warm_up()
        busy = await pool.acquire()
        calling = asyncio.get_running_loop().create_task(busy.run(called.wait_for_ever, str(tmp_path / "ready")))
        await seen(tmp_path / "ready")
        await pool.close(grace=5)
        assert pool.children == 0
        with pytest.raises(ChildDied):
            await calling
        pool.release(busy)
        with pytest.raises(ChildPoolClosed):
            await pool.acquire()

    async def test_no_descriptors_are_left(self) -> None:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(2):
            async with ChildPool(warm=2) as pool:
                await pool.run(called.pid)
        assert len(os.listdir("/proc/self/fd")) == before

    def test_less_than_one_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            ChildPool(limit=0)


ORPHAN = f"""
import asyncio, os
from spacedrive_jobs._pool.process import ChildPool
from {CALLED} import spin, with_a_grandchild

async def main(folder):
    pool = ChildPool(warm=1)
    pool.warm_up()
    one, two = await pool.acquire(), await pool.acquire()
    tasks = [asyncio.ensure_future(one.run(spin, folder + "/spin")),
             asyncio.ensure_future(two.run(with_a_grandchild, folder + "/grandchild"))]
    with open(folder + "/children", "w") as file:
        print(one.pid, two.pid, file=file)
    await asyncio.gather(*tasks)

import sys
asyncio.run(main(sys.argv[1]))
"""


class TestOrphans:
    def test_a_killed_parent_takes_all_with_it(self, tmp_path: Path) -> None:
        """Also a child that spins without giving anybody a turn, and what children had started."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        parent = subprocess.Popen([sys.executable, "-c", ORPHAN, str(tmp_path)], env=environment)
        try:
            eventually(lambda: (tmp_path / "spin").exists() and (tmp_path / "grandchild").exists())
            pids = [int(pid) for pid in (tmp_path / "children").read_text().split()]
            pids.append(int((tmp_path / "grandchild").read_text()))
            started = [(pid, start_time(pid) or 0) for pid in pids]
            assert all(is_alive(pid, when) for pid, when in started)
        finally:
            parent.kill()
            parent.wait()
        eventually(lambda: not any(is_alive(pid, when) for pid, when in started), what="the end of the orphans")
