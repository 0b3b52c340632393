"""What a job remembers by key: results of steps, ends of sleeps, answers; over pauses, restarts and crashes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import Enum
from pathlib import Path

import pytest

from spacedrive_jobs import (
    BlockingJobContext,
    JobContext,
    JobFailed,
    JobHandle,
    JobStatus,
    Library,
    QuestionNotOpen,
    RetryLater,
    job,
)
from spacedrive_jobs.testing import ManualClock, open_library
from tests.waiting import aeventually

calls: list[str] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    calls.clear()


class Choice(Enum):
    KEEP = "keep"
    REPLACE = "replace"


async def number(value: int) -> int:
    calls.append(f"number {value}")
    return value


def plain(value: str) -> list[str]:
    calls.append(f"plain {value}")
    return [value]


@job(name="steps.two", retries=1)
async def two_steps(ctx: JobContext) -> str:
    first = await ctx.step("first", number, 7)
    second = await ctx.step("second", plain, "x")
    if ctx.attempt == 1:
        raise OSError("after both")
    return f"{first} {second}"


@job(name="steps.blocking", retries=1)
def blocking_steps(ctx: BlockingJobContext) -> str:
    found = ctx.step("only", plain, "y")
    if ctx.attempt == 1:
        raise OSError("after it")
    return found[0]


@job(name="steps.broken")
async def broken_step(ctx: JobContext) -> None:
    await ctx.step("bad", object)


@job(name="steps.sleeps")
async def sleeps(ctx: JobContext, seconds: float) -> int:
    await ctx.sleep(timedelta(seconds=seconds), key="nap")
    return ctx.attempt


@job(name="steps.asks")
async def asks(ctx: JobContext) -> str:
    answer = await ctx.ask("Replace it?", key="q", choices=Choice)
    name = await ctx.ask("Which name?", key="name")
    assert isinstance(answer, Choice)
    return f"{answer.name} {name}"


@job(name="steps.asks_all")
async def asks_all(ctx: JobContext, count: int) -> int:
    questions = {f"file {number}": f"Replace {number}?" for number in range(count)}
    answers = await ctx.ask_all(questions, choices=["yes", "no"], topic="conflict")
    later = await ctx.ask("And this one?", key="late", choices=["yes", "no"], topic="conflict")
    return sum(answer == "yes" for answer in [*answers.values(), later])


@job(name="steps.later")
async def later(ctx: JobContext) -> int:
    if ctx.attempt < 3:
        raise RetryLater(60, "the drive is not there")
    return ctx.attempt


async def settled(library: Library, handle: JobHandle[object], status: JobStatus, attempt: int) -> None:
    async def reached() -> bool:
        info = await library.jobs.info(handle.id)
        return (info.status, info.attempt) == (status, attempt)

    await aeventually(reached)


async def test_a_step_runs_once_and_its_result_has_its_type(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        handle = await library.jobs.dispatch(two_steps.new())
        await settled(library, handle, JobStatus.QUEUED, 1)
        await clock.advance(2)
        assert await handle.wait(timeout=10) == "7 ['x']"
        handle = await library.jobs.dispatch(blocking_steps.new())
        await settled(library, handle, JobStatus.QUEUED, 1)
        await clock.advance(2)
        assert await handle.wait(timeout=10) == "y"
    assert calls == ["number 7", "plain x", "plain y"]


async def test_a_result_that_cannot_be_stored_fails_with_the_key(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        with pytest.raises(JobFailed, match="result of step 'bad'"):
            await (await library.jobs.dispatch(broken_step.new())).wait(timeout=10)


async def test_a_short_sleep_waits_in_place_and_a_long_one_in_the_queue(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock, slots=1) as library:
        short = await library.jobs.dispatch(sleeps.new(20))
        long = await library.jobs.dispatch(sleeps.new(3600))
        await settled(library, long, JobStatus.QUEUED, 1)
        info = await library.jobs.info(long.id)
        assert info.reason.startswith("sleeps until 2026-01-01 01:00:00")
        assert (await library.jobs.info(short.id)).status is JobStatus.RUNNING
        await clock.advance(21)
        assert await short.wait(timeout=10) == 1
    async with open_library(tmp_path, clock=clock, slots=1) as library:
        await clock.advance(3600)
        assert await library.jobs.handle_of(long.id).wait(timeout=10) == 2


async def test_questions_are_answered_by_anyone_and_at_any_time(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock, slots=1) as library:
        handle = await library.jobs.dispatch(asks.new())
        await aeventually(lambda: _open(library, 1))
        (question,) = (await library.jobs.questions(handle.id)).rows
        assert (question.question, question.choices) == ("Replace it?", ("keep", "replace"))
        assert (await library.jobs.info(handle.id)).reason == "waits for an answer"
        with pytest.raises(ValueError, match="not among the answers: keep, replace"):
            await library.jobs.answer(question.id, "maybe")
        await library.jobs.answer(question.id, Choice.REPLACE, by="me")
        with pytest.raises(QuestionNotOpen):
            await library.jobs.answer(question.id, "keep")
        await aeventually(lambda: _asked(library, "Which name?"))
        await clock.advance(31)
        await settled(library, handle, JobStatus.QUEUED, 1)
    async with open_library(tmp_path, clock=clock, slots=1) as library:
        (question,) = (await library.jobs.questions()).rows
        await library.jobs.answer(question.id, "holiday")
        assert await library.jobs.handle_of(handle.id).wait(timeout=10) == "REPLACE holiday"
        assert (await library.jobs.questions()).rows == ()
        old = (await library.jobs.questions(handle.id, open_only=False)).rows
        assert sorted((one.answer, one.answered_by) for one in old) == [("holiday", ""), ("replace", "me")]


async def test_one_answer_may_serve_all_of_a_topic_those_asked_later_too(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        handle = await library.jobs.dispatch(asks_all.new(30))
        await aeventually(lambda: _open(library, 30))
        first, second, *_ = (await library.jobs.questions(handle.id)).rows
        await library.jobs.answer(first.id, "no")
        await library.jobs.answer(second.id, "yes", for_all=True)
        assert await handle.wait(timeout=10) == 30


async def test_questions_of_a_cancelled_job_are_not_open(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        handle = await library.jobs.dispatch(asks.new())
        await aeventually(lambda: _open(library, 1))
        await handle.cancel()
        await settled(library, handle, JobStatus.CANCELLED, 1)
        assert (await library.jobs.questions()).rows == ()


async def test_a_snooze_uses_no_retry(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        handle = await library.jobs.dispatch(later.new())
        for attempt in (1, 2):
            await settled(library, handle, JobStatus.QUEUED, attempt)
            info = await library.jobs.info(handle.id)
            assert (info.errors, info.reason) == (0, "the drive is not there")
            await clock.advance(61)
        assert await handle.wait(timeout=10) == 3
        assert [one.outcome for one in await library.jobs.attempts(handle.id)] == ["snoozed", "snoozed"]


async def _open(library: Library, count: int) -> bool:
    return len((await library.jobs.questions()).rows) == count


async def _asked(library: Library, text: str) -> bool:
    return [one.question for one in (await library.jobs.questions()).rows] == [text]


async def test_parallel_waits_hold_no_slot_until_the_last_has_ended(tmp_path: Path) -> None:
    clock = ManualClock()

    async with open_library(tmp_path, clock=clock, slots=1) as library:
        handle = await library.jobs.dispatch(naps.new())
        quick = await library.jobs.dispatch(sleeps.new(0))
        assert await quick.wait(timeout=10) == 1
        await clock.advance(11)
        await asyncio.sleep(0)
        await clock.advance(10)
        assert await handle.wait(timeout=10) == 2


@job(name="steps.naps")
async def naps(ctx: JobContext) -> int:
    await asyncio.gather(ctx.sleep(10, key="a"), ctx.sleep(20, key="b"))
    return 2
