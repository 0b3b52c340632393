"""The task system: what the tests of Spacedrive's own task system show, and what this one promises beyond it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from spacedrive_jobs._model.clock import Timer
from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._tasks.interrupt import Interrupter, interrupt_requested
from spacedrive_jobs._tasks.system import TaskHandle, TaskState, TaskStopped, TaskSystem, TaskSystemClosed
from spacedrive_jobs._tasks.task import Cancelled, CancelledItself, Crashed, Done, Paused, Task
from tests.unit.tasks.samples import (
    FailingTask,
    ImmortalTask,
    NeverTask,
    PauseOnceTask,
    ReadyTask,
    RecordTask,
    SignalTask,
    StubbornTask,
)


@pytest.fixture
async def system() -> AsyncIterator[TaskSystem]:
    async with TaskSystem(slots=2, grace=0) as system:
        yield system


@pytest.fixture
async def single() -> AsyncIterator[TaskSystem]:
    """A system with one slot."""
    async with TaskSystem(slots=1, grace=0) as system:
        yield system


async def turn(times: int = 30) -> None:
    """Let everything that is ready run, and what becomes ready by it."""
    for _ in range(times):
        await asyncio.sleep(0)


class TestOutcomes:
    async def test_done(self, system: TaskSystem) -> None:
        assert await system.submit(ReadyTask()).outcome() == Done("ready")

    async def test_an_error_is_the_outcome(self, system: TaskSystem) -> None:
        error = ValueError("bogus")
        assert await system.submit(FailingTask(error)).outcome() == Crashed(error)

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, MemoryError, BaseException])
    async def test_a_base_exception_ends_the_task_alone(self, single: TaskSystem, kind: type[BaseException]) -> None:
        error = kind()
        assert await single.submit(FailingTask(error)).outcome() == Crashed(error)
        assert await single.submit(ReadyTask()).outcome() == Done("ready")

    async def test_a_cancellation_that_nobody_asked_for_is_a_crash(self, system: TaskSystem) -> None:
        outcome = await system.submit(FailingTask(asyncio.CancelledError())).outcome()
        assert isinstance(outcome, Crashed)
        assert isinstance(outcome.error, CancelledItself)
        assert isinstance(outcome.error.__cause__, asyncio.CancelledError)

    async def test_a_task_that_cancels_its_own_asyncio_task_is_a_crash(self, system: TaskSystem) -> None:
        class Suicidal:
            async def run(self, interrupter: Interrupter, /) -> None:
                own = asyncio.current_task()
                assert own is not None
                own.cancel()
                await asyncio.sleep(0)

        outcome = await system.submit(Suicidal()).outcome()
        assert isinstance(outcome, Crashed)
        assert str(outcome.error) == "the task cancelled itself"

    async def test_a_task_may_pause_itself(self, system: TaskSystem) -> None:
        assert await system.submit(FailingTask(JobInterrupted(Interruption.PAUSE))).outcome() == Paused()

    async def test_result_raises_what_run_raised(self, system: TaskSystem) -> None:
        with pytest.raises(ValueError, match="bogus"):
            await system.submit(FailingTask(ValueError("bogus"))).result()

    async def test_result_of_a_cancelled_task(self, system: TaskSystem) -> None:
        handle = system.submit(NeverTask())
        handle.interrupt(Interruption.CANCEL)
        with pytest.raises(TaskStopped, match="cancelled") as caught:
            await handle.result()
        assert caught.value.outcome == Cancelled()

    async def test_cancelling_the_waiter_never_cancels_the_task(self, system: TaskSystem) -> None:
        task = SignalTask("done")
        handle = system.submit(task)
        waiter = asyncio.get_running_loop().create_task(handle.outcome())
        await task.began.wait()
        waiter.cancel()
        await turn()
        assert waiter.cancelled()
        task.signal.set()
        assert await handle.outcome() == Done("done")

    async def test_many_waiters(self, system: TaskSystem) -> None:
        task = SignalTask("done")
        handle = system.submit(task)
        async with asyncio.TaskGroup() as group:
            waiters = [group.create_task(handle.outcome()) for _ in range(5)]
            await turn()
            task.signal.set()
        assert [waiter.result() for waiter in waiters] == [Done("done")] * 5


class TestCancel:
    async def test_a_running_task(self, system: TaskSystem) -> None:
        task = NeverTask()
        handle = system.submit(task)
        await task.began.wait()
        assert await handle.cancel()
        assert await handle.outcome() == Cancelled()

    async def test_before_it_began_it_never_runs(self, system: TaskSystem) -> None:
        task = NeverTask()
        handle = system.submit(task)
        assert await handle.cancel()
        assert task.runs == 0

    async def test_a_queued_task(self, single: TaskSystem) -> None:
        running = single.submit(SignalTask())
        task = NeverTask()
        queued = single.submit(task)
        assert await queued.cancel()
        assert running.state is TaskState.RUNNING
        assert single.queued == 0
        assert task.runs == 0

    async def test_a_paused_task(self, system: TaskSystem) -> None:
        handle = system.submit(NeverTask())
        await handle.pause()
        assert await handle.cancel()
        assert await handle.outcome() == Cancelled()

    async def test_an_ended_task_is_left_alone(self, system: TaskSystem) -> None:
        handle = system.submit(ReadyTask())
        await handle.outcome()
        assert not await handle.cancel()
        assert not await handle.pause()
        assert not await handle.resume()
        handle.abort()
        assert await handle.outcome() == Done("ready")

    async def test_stays_a_cancel_whatever_the_clean_up_raises(self, system: TaskSystem) -> None:
        error = ValueError("clean-up")

        class Clumsy:
            async def run(self, interrupter: Interrupter, /) -> None:
                try:
                    await interrupter.guard(asyncio.get_running_loop().create_future())
                finally:
                    raise error

        handle = system.submit(Clumsy())
        await turn()
        assert await handle.cancel()
        assert await handle.outcome() == Cancelled(error=error)

    async def test_returning_in_spite_of_it_is_completion(self, system: TaskSystem) -> None:
        class Deaf:
            async def run(self, interrupter: Interrupter, /) -> str:
                await interrupter.wait()
                return "all the same"

        handle = system.submit(Deaf())
        await turn()
        assert not await handle.cancel()
        assert await handle.outcome() == Done("all the same")

    async def test_a_cancel_after_a_pause_was_seen_wins(self, system: TaskSystem) -> None:
        class Slow:
            leave = asyncio.Event()

            async def run(self, interrupter: Interrupter, /) -> None:
                await interrupter.wait()
                try:
                    interrupter.check()
                finally:
                    await self.leave.wait()

        task = Slow()
        handle = system.submit(task)
        await turn()
        handle.interrupt(Interruption.PAUSE)
        await turn()
        handle.interrupt(Interruption.CANCEL)
        task.leave.set()
        assert await handle.outcome() == Cancelled()


class TestAbort:
    async def test_a_task_that_looks_at_nothing(self, single: TaskSystem) -> None:
        task = StubbornTask()
        handle = single.submit(task)
        await task.began.wait()
        handle.abort()
        assert await handle.outcome() == Cancelled(forced=True)
        assert await single.submit(ReadyTask()).outcome() == Done("ready")

    async def test_before_its_first_step(self, single: TaskSystem) -> None:
        handle = single.submit(StubbornTask())
        handle.abort()
        assert await handle.outcome() == Cancelled(forced=True)
        assert await single.submit(ReadyTask()).outcome() == Done("ready")

    async def test_a_queued_task(self, single: TaskSystem) -> None:
        single.submit(StubbornTask())
        queued = single.submit(ReadyTask())
        queued.abort()
        assert await queued.outcome() == Cancelled(forced=True)

    async def test_a_paused_task(self, system: TaskSystem) -> None:
        handle = system.submit(NeverTask())
        await handle.pause()
        handle.abort()
        assert await handle.outcome() == Cancelled(forced=True)

    async def test_twice_is_as_once(self, system: TaskSystem) -> None:
        handle = system.submit(StubbornTask())
        await turn()
        handle.abort()
        handle.abort()
        assert await handle.outcome() == Cancelled(forced=True)


class TestPause:
    async def test_pause_and_resume(self, system: TaskSystem) -> None:
        task = PauseOnceTask()
        handle = system.submit(task)
        await task.began.wait()
        assert await handle.pause()
        assert await handle.outcome() == Paused()
        assert handle.state is TaskState.RESTING
        assert await handle.resume()
        assert await handle.outcome() == Done(2)

    async def test_a_paused_task_holds_no_slot(self, single: TaskSystem) -> None:
        task = NeverTask()
        handle = single.submit(task)
        await task.began.wait()
        await handle.pause()
        assert await single.submit(ReadyTask()).outcome() == Done("ready")

    async def test_a_queued_task_leaves_the_queue(self, single: TaskSystem) -> None:
        blocker = SignalTask()
        single.submit(blocker)
        handle = single.submit(ReadyTask())
        assert await handle.pause()
        blocker.signal.set()
        await turn()
        assert handle.state is TaskState.RESTING
        assert await handle.resume()
        assert await handle.outcome() == Done("ready")

    async def test_resume_takes_back_a_pause_not_yet_acted_upon(self, system: TaskSystem) -> None:
        class Checks:
            go = asyncio.Event()
            runs = 0

            async def run(self, interrupter: Interrupter, /) -> str:
                self.runs += 1
                await self.go.wait()
                interrupter.check()
                return "one run"

        task = Checks()
        handle = system.submit(task)
        await turn()
        pausing = asyncio.get_running_loop().create_task(handle.pause())
        await turn()
        assert await handle.resume()
        assert not await pausing
        task.go.set()
        assert await handle.outcome() == Done("one run")
        assert task.runs == 1

    async def test_resume_while_the_pause_is_under_way(self, system: TaskSystem) -> None:
        class SlowToPause:
            leave = asyncio.Event()
            runs = 0

            async def run(self, interrupter: Interrupter, /) -> int:
                self.runs += 1
                if self.runs == 1:
                    try:
                        await interrupter.wait()
                        interrupter.check()
                    finally:
                        await self.leave.wait()
                return self.runs

        task = SlowToPause()
        handle = system.submit(task)
        await turn()
        handle.interrupt(Interruption.PAUSE)
        await turn()
        resuming = asyncio.get_running_loop().create_task(handle.resume())
        await turn()
        assert not resuming.done()
        task.leave.set()
        assert await resuming
        assert await handle.outcome() == Done(2)

    async def test_a_pause_after_such_a_resume_stands(self, system: TaskSystem) -> None:
        task = SignalTask()
        handle = system.submit(task)
        await task.began.wait()
        handle.interrupt(Interruption.PAUSE)
        await turn(1)
        resuming = asyncio.get_running_loop().create_task(handle.resume())
        await turn(1)
        assert await handle.pause()
        await resuming
        assert handle.state is TaskState.RESTING

    async def test_a_resumed_task_goes_ahead_of_later_ones(self, single: TaskSystem) -> None:
        order: list[str] = []
        first = single.submit(RecordTask("first", order))
        await first.pause()
        blocker = SignalTask()
        single.submit(blocker)
        single.submit(RecordTask("second", order))
        await first.resume()
        blocker.signal.set()
        await first.outcome()
        await turn()
        assert order == ["first", "second"]

    async def test_a_pause_asked_for_again_at_once_stands(self, system: TaskSystem) -> None:
        class Checks:
            go = asyncio.Event()

            async def run(self, interrupter: Interrupter, /) -> None:
                await self.go.wait()
                interrupter.check()

        task = Checks()
        handle = system.submit(task)
        await turn()
        pausing = asyncio.get_running_loop().create_task(handle.pause())
        await turn()
        await handle.resume()
        handle.interrupt(Interruption.PAUSE)
        await turn()
        assert not pausing.done()
        task.go.set()
        assert await pausing

    async def test_many_pauses(self, system: TaskSystem) -> None:
        tasks = [SignalTask(str(number)) for number in range(50)]
        handles = [system.submit(task) for task in tasks]
        for _ in range(20):
            await asyncio.gather(*(handle.pause() for handle in handles))
            assert {handle.state for handle in handles} == {TaskState.RESTING}
            await asyncio.gather(*(handle.resume() for handle in handles))
        for task in tasks:
            task.signal.set()
        assert [await handle.result() for handle in handles] == [str(number) for number in range(50)]


class TestSlotsAndPriority:
    async def test_no_more_than_the_slots_run(self, system: TaskSystem) -> None:
        tasks = [SignalTask() for _ in range(5)]
        handles = [system.submit(task) for task in tasks]
        await turn()
        assert (system.running, system.queued) == (2, 3)
        for task in tasks:
            task.signal.set()
        for handle in handles:
            await handle.outcome()
        assert (system.running, system.queued) == (0, 0)

    async def test_priority_then_arrival(self, single: TaskSystem) -> None:
        order: list[str] = []
        blocker = SignalTask()
        single.submit(blocker, priority=9)
        handles = [
            single.submit(RecordTask(name, order), priority=priority)
            for name, priority in (("a", 0), ("b", 5), ("c", 0), ("d", 5))
        ]
        blocker.signal.set()
        for handle in handles:
            await handle.outcome()
        assert order == ["b", "d", "a", "c"]

    async def test_a_free_slot_takes_what_was_behind_a_busy_one(self, system: TaskSystem) -> None:
        busy, freed = PauseOnceTask(), PauseOnceTask()
        busy_handle, freed_handle = system.submit(busy), system.submit(freed)
        behind = [system.submit(ReadyTask()) for _ in range(100)]
        await freed.began.wait()
        await freed_handle.pause()
        await freed_handle.resume()
        assert await freed_handle.outcome() == Done(2)
        assert {await handle.outcome() for handle in behind} == {Done("ready")}
        assert busy_handle.state is TaskState.RUNNING

    async def test_a_higher_priority_suspends_the_lowest(self, system: TaskSystem) -> None:
        low, middle, high = SignalTask("low"), SignalTask("middle"), SignalTask("high")
        low_handle, middle_handle = system.submit(low, priority=1), system.submit(middle, priority=2)
        await middle.began.wait()
        high_handle = system.submit(high, priority=3)
        await high.began.wait()
        assert (low_handle.state, middle_handle.state) == (TaskState.QUEUED, TaskState.RUNNING)
        high.signal.set()
        assert await high_handle.outcome() == Done("high")
        await turn()
        assert low.runs == 2
        low.signal.set()
        assert await low_handle.outcome() == Done("low")
        assert middle.runs == 1

    async def test_an_equal_priority_suspends_nobody(self, single: TaskSystem) -> None:
        first = SignalTask()
        single.submit(first, priority=1)
        await first.began.wait()
        single.submit(ReadyTask(), priority=1)
        await turn()
        assert first.runs == 1
        assert single.queued == 1

    async def test_a_suspension_no_longer_needed_is_taken_back(self, single: TaskSystem) -> None:
        class Checks:
            go = asyncio.Event()
            runs = 0

            async def run(self, interrupter: Interrupter, /) -> int:
                self.runs += 1
                await self.go.wait()
                interrupter.check()
                return self.runs

        low = Checks()
        low_handle = single.submit(low)
        await turn()
        high_handle = single.submit(ReadyTask(), priority=1)
        await high_handle.cancel()
        low.go.set()
        assert await low_handle.outcome() == Done(1)

    async def test_a_suspension_is_taken_back_when_another_slot_came_free(self, system: TaskSystem) -> None:
        class Checks:
            go = asyncio.Event()
            runs = 0

            async def run(self, interrupter: Interrupter, /) -> int:
                self.runs += 1
                await self.go.wait()
                interrupter.check()
                return self.runs

        other, low = SignalTask(), Checks()
        system.submit(other)
        low_handle = system.submit(low)
        await turn()
        high = SignalTask()
        system.submit(high, priority=1)
        other.signal.set()
        await turn()
        assert high.began.is_set()
        low.go.set()
        assert await low_handle.outcome() == Done(1)

    async def test_each_task_of_higher_priority_has_a_victim_of_its_own(self, system: TaskSystem) -> None:
        lows = [SignalTask(), SignalTask()]
        for low in lows:
            system.submit(low)
        await turn()
        highs = [SignalTask(), SignalTask(), SignalTask()]
        for high in highs:
            system.submit(high, priority=1)
        await turn()
        assert [high.began.is_set() for high in highs] == [True, True, False]
        assert [low.runs for low in lows] == [1, 1]
        assert (system.running, system.queued) == (2, 3)

    async def test_without_slots_there_is_nothing_to_suspend(self) -> None:
        async with TaskSystem(slots=None, grace=0) as system:
            tasks = [SignalTask() for _ in range(100)]
            for priority, task in enumerate(tasks):
                system.submit(task, priority=priority)
            await turn()
            assert system.running == 100
            assert {task.runs for task in tasks} == {1}

    async def test_a_suspension_from_outside_rests(self) -> None:
        async with TaskSystem(slots=None, grace=0) as system:
            handle = system.submit(NeverTask())
            await turn()
            handle.interrupt(Interruption.SUSPEND)
            assert await handle.outcome() == Paused(Interruption.SUSPEND)

    def test_less_than_one_slot_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one slot"):
            TaskSystem(slots=0)


class Parent:
    """Submits a task and waits for it, to a depth."""

    def __init__(self, system: TaskSystem, depth: int) -> None:
        self.system = system
        self.depth = depth

    async def run(self, interrupter: Interrupter, /) -> int:
        if self.depth == 0:
            return 0
        return 1 + await self.system.submit(Parent(self.system, self.depth - 1)).result()


class TestNested:
    async def test_fifty_deep_on_one_slot(self, single: TaskSystem) -> None:
        assert await single.submit(Parent(single, 50)).result() == 50

    async def test_branches_of_one_task_on_one_slot(self, single: TaskSystem) -> None:
        class Wide:
            async def run(self, interrupter: Interrupter, /) -> list[int]:
                return await asyncio.gather(*(single.submit(Parent(single, depth)).result() for depth in range(6)))

        assert await single.submit(Wide()).result() == list(range(6))

    async def test_a_branch_that_waits_again_after_another_came_back(self, single: TaskSystem) -> None:
        async def branch(waits: int) -> int:
            return sum([await single.submit(Parent(single, 2)).result() for _ in range(waits)])

        class Wide:
            async def run(self, interrupter: Interrupter, /) -> list[int]:
                return await asyncio.gather(*(branch(waits) for waits in (1, 4, 2, 3)))

        handles = [single.submit(Wide()) for _ in range(3)]
        assert [await handle.result() for handle in handles] == [[2, 8, 4, 6]] * 3

    async def test_after_waiting_the_slot_is_held_again(self, single: TaskSystem) -> None:
        order: list[str] = []
        sub = SignalTask()
        go_on = asyncio.Event()

        class Waits:
            async def run(self, interrupter: Interrupter, /) -> None:
                await single.submit(sub).outcome()
                order.append("parent is back")
                await go_on.wait()

        parent = single.submit(Waits())
        await sub.began.wait()
        other = single.submit(RecordTask("other", order))
        sub.signal.set()
        await turn()
        assert order == ["parent is back"]
        go_on.set()
        await parent.outcome()
        await other.outcome()
        assert order == ["parent is back", "other"]

    async def test_a_chain_in_which_each_task_hands_on_the_next(self, system: TaskSystem) -> None:
        class Step:
            def __init__(self, left: int) -> None:
                self.left = left

            async def run(self, interrupter: Interrupter, /) -> TaskHandle[Any] | None:
                return system.submit(Step(self.left - 1)) if self.left else None

        steps = 0
        pending: list[TaskHandle[Any]] = [system.submit(Step(255)) for _ in range(2)]
        while pending:
            following = await pending.pop().result()
            steps += 1
            if following is not None:
                pending.append(following)
        assert steps == 2 * 256

    async def test_a_wait_that_was_given_up_counts_no_more(self, single: TaskSystem) -> None:
        sub = SignalTask()
        order: list[str] = []

        class GivesUp:
            async def run(self, interrupter: Interrupter, /) -> str:
                handle = single.submit(sub)
                try:
                    async with asyncio.timeout(0):
                        await handle.outcome()
                except TimeoutError:
                    order.append("gave up")
                return await single.submit(RecordTask("again", order)).result()

        parent = single.submit(GivesUp())
        await sub.began.wait()
        await turn()
        sub.signal.set()
        assert await parent.result() == "again"
        assert order == ["gave up", "again"]

    async def test_who_gave_up_a_wait_takes_its_slot_when_it_is_free(self, single: TaskSystem) -> None:
        sub, go_on = SignalTask(), asyncio.Event()

        class GivesUp:
            async def run(self, interrupter: Interrupter, /) -> None:
                try:
                    async with asyncio.timeout(0):
                        await single.submit(sub).outcome()
                except TimeoutError:
                    await go_on.wait()

        parent = single.submit(GivesUp())
        await sub.began.wait()
        other = SignalTask()
        single.submit(other)
        sub.signal.set()
        await turn()
        assert not other.began.is_set()
        go_on.set()
        await parent.outcome()
        await other.began.wait()

    async def test_after_a_failed_map_the_slot_is_held_again(self, single: TaskSystem) -> None:
        go_on = asyncio.Event()

        class Fans:
            async def run(self, interrupter: Interrupter, /) -> None:
                try:
                    await single.map([FailingTask(ValueError("bogus"))], limit=2)
                except ValueError:
                    await go_on.wait()

        parent = single.submit(Fans())
        await turn()
        other = SignalTask()
        single.submit(other)
        await turn()
        assert not other.began.is_set()
        go_on.set()
        await parent.outcome()
        await other.began.wait()

    async def test_a_cancelled_parent_leaves_its_wait(self, single: TaskSystem) -> None:
        sub = SignalTask("sub")

        class Waits:
            async def run(self, interrupter: Interrupter, /) -> None:
                await interrupter.guard(single.submit(sub).outcome())

        parent = single.submit(Waits())
        await sub.began.wait()
        assert await parent.cancel()
        sub.signal.set()
        assert await single.submit(ReadyTask()).outcome() == Done("ready")

    async def test_an_aborted_parent_does_not_wait_for_a_slot(self, single: TaskSystem) -> None:
        sub = SignalTask()

        class Waits:
            async def run(self, interrupter: Interrupter, /) -> None:
                await single.submit(sub).outcome()

        parent = single.submit(Waits())
        await sub.began.wait()
        parent.abort()
        assert await parent.outcome() == Cancelled(forced=True)
        sub.signal.set()
        assert await single.submit(ReadyTask()).outcome() == Done("ready")


class TestMap:
    async def test_bounded_and_in_order(self, system: TaskSystem) -> None:
        order: list[str] = []
        names = [str(number) for number in range(20)]
        assert await system.map((RecordTask(name, order) for name in names), limit=3) == names

    async def test_inside_a_task_on_one_slot(self, single: TaskSystem) -> None:
        class Fans:
            async def run(self, interrupter: Interrupter, /) -> list[str]:
                return await single.map([ReadyTask() for _ in range(5)], limit=2)

        assert await single.submit(Fans()).result() == ["ready"] * 5

    async def test_an_error_is_raised_as_it_was(self, system: TaskSystem) -> None:
        started: list[str] = []
        tasks: list[Task[str]] = [
            FailingTask(ValueError("bogus")),
            *(RecordTask(str(number), started) for number in range(50)),
        ]
        with pytest.raises(ValueError, match="bogus"):
            await system.map(tasks, limit=2)
        assert len(started) <= 2


class TestTimeout:
    async def test_asked_then_made_to_stop(self) -> None:
        clock = HandClock()
        async with TaskSystem(slots=None, clock=clock, timeout_grace=5, grace=0) as system:
            polite, stubborn = NeverTask(), StubbornTask()
            first, second = system.submit(polite, timeout=10), system.submit(stubborn, timeout=10)
            await stubborn.began.wait()
            clock.seconds = 9.9
            system.check_timeouts()
            await turn()
            assert first.state is TaskState.RUNNING
            clock.seconds = 10
            system.check_timeouts()
            assert await first.outcome() == Cancelled(Interruption.TIMEOUT)
            assert second.state is TaskState.RUNNING
            clock.seconds = 15
            system.check_timeouts()
            assert await second.outcome() == Cancelled(Interruption.TIMEOUT, forced=True)

    async def test_only_running_time_counts(self) -> None:
        clock = HandClock()
        async with TaskSystem(slots=None, clock=clock, grace=0) as system:
            task = NeverTask()
            handle = system.submit(task, timeout=10)
            await task.began.wait()
            clock.seconds = 8
            await handle.pause()
            clock.seconds = 100
            await handle.resume()
            await turn()
            clock.seconds = 101
            system.check_timeouts()
            await turn()
            assert handle.state is TaskState.RUNNING
            clock.seconds = 102
            system.check_timeouts()
            assert await handle.outcome() == Cancelled(Interruption.TIMEOUT)

    async def test_waiting_for_another_task_does_not_count(self) -> None:
        clock = HandClock()
        sub = SignalTask()
        async with TaskSystem(slots=None, clock=clock, grace=0) as system:

            class Waits:
                async def run(self, interrupter: Interrupter, /) -> str:
                    await system.submit(sub).result()
                    interrupter.check()
                    return "in time"

            handle = system.submit(Waits(), timeout=10)
            await sub.began.wait()
            clock.seconds = 1000
            system.check_timeouts()
            sub.signal.set()
            assert await handle.outcome() == Done("in time")

    async def test_the_clock_goes_on_after_a_failed_wait(self) -> None:
        clock = HandClock()
        async with TaskSystem(slots=None, clock=clock, grace=0) as system:

            class Fans:
                async def run(self, interrupter: Interrupter, /) -> None:
                    try:
                        await system.map([FailingTask(ValueError("bogus"))], limit=2)
                    except ValueError:
                        await interrupter.wait()
                        interrupter.check()

            handle = system.submit(Fans(), timeout=10)
            await turn()
            clock.seconds = 10
            system.check_timeouts()
            assert await handle.outcome() == Cancelled(Interruption.TIMEOUT)

    async def test_by_the_real_clock(self) -> None:
        async with TaskSystem(slots=1, grace=0) as system:
            assert await system.submit(NeverTask(), timeout=0.01).outcome() == Cancelled(Interruption.TIMEOUT)


class HandClock:
    """A clock whose timers are never due by themselves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now_ms(self) -> int:
        return round(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    def call_later(self, delay: float, fn: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(3600, fn)


class TestShutdown:
    async def test_gives_back_what_did_not_finish(self) -> None:
        system = TaskSystem(slots=1)
        paused, running, queued = NeverTask(), NeverTask(), NeverTask()
        paused_handle = system.submit(paused)
        await paused_handle.pause()
        running_handle, queued_handle = system.submit(running), system.submit(queued)
        await running.began.wait()
        assert await system.shutdown(grace=5) == [paused, running, queued]
        assert queued.runs == 0
        assert await paused_handle.outcome() == Paused()
        assert await running_handle.outcome() == Paused(Interruption.SHUTDOWN)
        assert await queued_handle.outcome() == Paused(Interruption.SHUTDOWN)
        assert not await paused_handle.resume()

    async def test_what_completes_meanwhile_is_not_given_back(self) -> None:
        class Finishes:
            async def run(self, interrupter: Interrupter, /) -> str:
                await interrupter.wait()
                return "finished"

        system = TaskSystem(slots=None)
        handle = system.submit(Finishes())
        await turn()
        assert await system.shutdown(grace=5) == []
        assert await handle.outcome() == Done("finished")

    async def test_after_the_grace_tasks_are_cancelled(self) -> None:
        system = TaskSystem(slots=1)
        task = StubbornTask()
        handle = system.submit(task)
        await task.began.wait()
        assert await system.shutdown(grace=0) == [task]
        assert await handle.outcome() == Paused(Interruption.SHUTDOWN, forced=True)

    async def test_a_task_that_swallows_its_cancellation_is_left_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("spacedrive_jobs._tasks.core.AFTER_ABORT", 0.01)
        system = TaskSystem(slots=1)
        task = ImmortalTask()
        handle = system.submit(task)
        await task.began.wait()
        assert await system.shutdown(grace=0) == [task]
        assert await handle.outcome() == Paused(Interruption.SHUTDOWN, forced=True)
        task.let_go.set()
        await turn()

    async def test_nothing_is_taken_afterwards(self) -> None:
        system = TaskSystem(slots=1)
        await system.shutdown(grace=0)
        with pytest.raises(TaskSystemClosed):
            system.submit(ReadyTask())

    async def test_a_task_that_submits_during_it_is_interrupted(self) -> None:
        system = TaskSystem(slots=None)

        class Submits:
            async def run(self, interrupter: Interrupter, /) -> None:
                while interrupter.requested is None:
                    await asyncio.sleep(0)
                system.submit(ReadyTask())

        task = Submits()
        handle = system.submit(task)
        await turn()
        assert await system.shutdown(grace=5) == [task]
        assert await handle.outcome() == Paused(Interruption.SHUTDOWN)

    async def test_twice(self) -> None:
        system = TaskSystem(slots=1)
        task = StubbornTask()
        system.submit(task)
        first, second = await asyncio.gather(system.shutdown(grace=0), system.shutdown(grace=0))
        assert first == second == [task]

    async def test_a_cancelled_shutdown_is_over_at_once(self) -> None:
        system = TaskSystem(slots=1)
        task = StubbornTask()
        handle = system.submit(task)
        await task.began.wait()
        closing = asyncio.get_running_loop().create_task(system.shutdown(grace=1000))
        await turn()
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert await handle.outcome() == Paused(Interruption.SHUTDOWN, forced=True)

    def test_a_host_that_cancels_everything_is_a_shutdown(self) -> None:
        outcomes: list[object] = []

        async def host() -> None:
            system = TaskSystem(slots=None)
            async with system:
                handle = system.submit(StubbornTask())
                system.submit(Reports(handle))
                await turn()
                for task in asyncio.all_tasks():
                    task.cancel()
                try:
                    await asyncio.sleep(0)
                finally:
                    await system.shutdown(grace=0)
                    outcomes.append(await handle.outcome())

        class Reports:
            def __init__(self, handle: TaskHandle[Any]) -> None:
                self.handle = handle

            async def run(self, interrupter: Interrupter, /) -> None:
                await self.handle.outcome()

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(host())
        assert outcomes == [Paused(Interruption.SHUTDOWN, forced=True)]

    @pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
    def test_a_loop_that_is_closed_under_it_starts_nothing_more(self, caplog: pytest.LogCaptureFixture) -> None:
        loop = asyncio.new_event_loop()
        order: list[str] = []

        async def start() -> None:
            system = TaskSystem(slots=1)
            system.submit(StubbornTask())
            system.submit(RecordTask("queued", order))
            await turn()

        loop.run_until_complete(start())
        loop.close()
        gc.collect()
        assert order == []
        assert "Event loop is closed" not in caplog.text


class TestContext:
    async def test_interrupt_requested_is_seen_below_a_task(self, system: TaskSystem) -> None:
        seen: list[bool] = []

        def deep_inside() -> None:
            seen.append(interrupt_requested())

        class Looks:
            async def run(self, interrupter: Interrupter, /) -> None:
                deep_inside()
                await interrupter.wait()
                deep_inside()

        handle = system.submit(Looks())
        await turn()
        await handle.cancel()
        assert seen == [False, True]
        assert not interrupt_requested()

    async def test_a_task_group_inside_a_task(self, system: TaskSystem) -> None:
        class Grouped:
            async def run(self, interrupter: Interrupter, /) -> None:
                async with asyncio.TaskGroup() as group:
                    for _ in range(3):
                        group.create_task(self.branch(interrupter))

            async def branch(self, interrupter: Interrupter) -> None:
                await interrupter.wait()
                interrupter.check()

        handle = system.submit(Grouped())
        await turn()
        assert await handle.pause()
        assert await handle.outcome() == Paused()
