"""`spacedrive_jobs.testing`, as its users use it."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import pytest

from spacedrive_jobs import Count, JobInterrupted, JobStatus
from spacedrive_jobs.testing import (
    ManualClock,
    RecordedItem,
    Recording,
    assert_dispatched,
    dispatched,
    drain,
    open_library,
    refute_dispatched,
    run_and_kill,
)
from tests.acceptance.engine.kit_jobs import blocking, count, everything, patient


async def test_a_job_goes_on_after_kill_9(tmp_path: Path) -> None:
    killed = await run_and_kill(tmp_path, count.new(10), checkpoints=4)
    async with open_library(tmp_path) as library:
        assert await (await library.jobs.get(killed)).wait(timeout=5) == 10
        info = await library.jobs.info(killed)
        assert (info.attempt, info.crashes, info.metrics.items_ok) == (2, 1, 10)


async def test_a_job_that_ends_before_its_crash_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="ended before its checkpoint number 5"):
        await run_and_kill(tmp_path, count.new(3), checkpoints=5)


async def test_the_code_of_a_job_alone() -> None:
    recording = Recording(everything.new(), answers={"way": "left"}, children=lambda job: 2)
    output = await recording.run()
    assert_type(output, str)
    assert output == "2 8 left b'value'"
    assert recording.warnings == ["careful"]
    assert recording.errors == ["OSError: a bit broken"]
    assert recording.logs == ["said"]
    assert recording.items == [RecordedItem("a", "skipped", "there already")]
    assert recording.states == [7]
    assert recording.children == [count.new(2)]
    assert recording.questions == ["Which way?"]
    with pytest.raises(AssertionError, match="asks 'way'"):
        await Recording(everything.new(), children=lambda job: 2).run()


async def test_it_starts_from_a_state_and_stops_where_it_is_told_to() -> None:
    recording = Recording(count.new(5), state=3)
    assert await recording.run() == 5
    assert recording.states == [4, 5]
    assert recording.progress == [Count(4, 5), Count(5, 5)]
    stopped = Recording(count.new(5), interrupt_after=3)
    with pytest.raises(JobInterrupted):
        await stopped.run()
    assert stopped.states == [1, 2, 3]
    again = Recording(count.new(5), state=stopped.states[-1], attempt=2)
    assert await again.run() == 5


async def test_a_blocking_job_is_recorded_too() -> None:
    recording = Recording(blocking.new(3), state=1)
    assert await recording.run() == 3
    assert recording.states == [2, 3]


async def test_draining_turns_the_clock_to_what_waits(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        await library.jobs.dispatch(patient.new())
        counts = await drain(library)
        assert counts[JobStatus.QUEUED] == 1
        counts = await drain(library, clock=clock)
        assert counts[JobStatus.COMPLETED] == 1
        assert clock.monotonic() >= 7200


async def test_what_was_dispatched_is_asserted_in_words(tmp_path: Path) -> None:
    async with open_library(tmp_path, runs="none") as library:
        handle = await library.jobs.dispatch(count.new(3))
        assert (await assert_dispatched(library, count.new(3))).id == handle.id
        await refute_dispatched(library, count.new(4))
        assert [info.id for info in await dispatched(library, count)] == [handle.id]
        with pytest.raises(AssertionError, match=r"(?s)no kit.count was dispatched with .*4.*there are:.*3"):
            await assert_dispatched(library, count.new(4))
        with pytest.raises(AssertionError, match="was dispatched with"):
            await refute_dispatched(library, count.new(3))


async def test_a_schedule_that_was_never_dispatched_fails_the_test(tmp_path: Path) -> None:
    opened = open_library(tmp_path)
    library = await opened.__aenter__()
    with pytest.warns(ResourceWarning, match="never dispatched"):
        library.jobs.schedule(count.new(3)).every(hours=1)
    with pytest.raises(AssertionError, match=r"never dispatched: kit\.count"):
        await opened.__aexit__(None, None, None)
