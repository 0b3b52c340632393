"""Resources and conditions: reserved in the store over all processes, looked at again while a job runs."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from spacedrive_jobs import (
    GB,
    DefinitionError,
    JobContext,
    JobHandle,
    JobStatus,
    Library,
    Resource,
    ResourceNeverThere,
    disk_space,
    gpu,
    job,
    mains_power,
    resource,
)
from spacedrive_jobs.testing import ManualClock, ManualProbe, open_library
from tests.waiting import aeventually

running: Counter[str] = Counter()
most: Counter[str] = Counter()
hold = asyncio.Event()
has_written = asyncio.Event()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    global hold, has_written
    running.clear()
    most.clear()
    hold, has_written = asyncio.Event(), asyncio.Event()


async def work(ctx: JobContext, name: str, written: int = 0) -> None:
    running[name] += 1
    most[name] = max(most[name], running[name])
    try:
        while not hold.is_set():
            if has_written.is_set():
                ctx.reserved_written(written)
            await ctx.checkpoint()
            await asyncio.sleep(0.001)  # waits: the test lets it go
    finally:
        running[name] -= 1


@job(name="resources.render", requires_resources=[gpu()])
async def render(ctx: JobContext) -> None:
    await work(ctx, "render")


@job(name="resources.big", requires_resources=[disk_space(6 * GB)])
async def big(ctx: JobContext, written: int = 0) -> None:
    await work(ctx, "big", written)


@job(name="resources.small", requires_resources=[disk_space(1 * GB)])
async def small(ctx: JobContext) -> None:
    await work(ctx, "small")


@job(name="resources.plugged", requires_resources=[mains_power()])
async def plugged(ctx: JobContext) -> None:
    await work(ctx, "plugged")


@job(name="resources.licensed", requires_resources=[resource("license")])
async def licensed(ctx: JobContext) -> None:
    await work(ctx, "licensed")


@job(name="resources.greedy", requires_resources=[gpu(2)])
async def greedy(ctx: JobContext) -> None:
    await work(ctx, "greedy")


@job(name="resources.family", requires_resources=[gpu()])
async def family(ctx: JobContext, levels: int) -> int:
    if not levels:
        return 0
    return await (await ctx.spawn_child(family.new(levels - 1))).wait() + 1


async def runs(name: str, count: int) -> bool:
    return running[name] == count


async def says(library: Library, handle: JobHandle[None], words: str) -> bool:
    return words in (await library.jobs.info(handle.id)).reason


async def test_counted_resources_are_never_given_twice_and_the_reason_names_the_holder(tmp_path: Path) -> None:
    probe = ManualProbe()
    probe.set_amount("gpu", 1)
    async with open_library(tmp_path, probe=probe, slots=8) as library:
        handles = await library.jobs.dispatch_many(render.new() for _ in range(4))
        await aeventually(lambda: runs("render", 1))
        infos = [await library.jobs.info(handle.id) for handle in handles]
        holder = next(info.id.short for info in infos if info.status is JobStatus.RUNNING)
        reasons = {info.reason for info in infos if info.status is JobStatus.QUEUED}
        assert f"needs gpu (1 of 1 in use by resources.render {holder})" in reasons
        hold.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in handles))
        assert most["render"] == 1


async def test_two_of_6_gb_are_never_admitted_into_10_gb(tmp_path: Path) -> None:
    probe, clock = ManualProbe(), ManualClock()
    probe.set_disk(Path("/"), free=10 * GB, total=20 * GB, label="Backup")
    async with (
        open_library(tmp_path, probe=probe, clock=clock, slots=4) as library,
        open_library(tmp_path, probe=probe, clock=clock, slots=4) as other,
    ):
        first, second = await library.jobs.dispatch_many([big.new(5 * GB), big.new()])
        third = await other.jobs.dispatch(big.new())
        await aeventually(lambda: runs("big", 1))
        await aeventually(lambda: says(library, third, "needs 6 GB on Backup (10 GB free, of which"))
        behind = await other.jobs.dispatch(small.new())  # it would fit, and would keep the larger ones out for ever
        for _ in range(3):
            await clock.advance(3)
            await asyncio.sleep(0.02)  # waits: another look at the machine
        assert running["small"] == 0
        probe.set_disk(Path("/"), free=7 * GB)  # 5 GB were written, and 2 were made free by somebody
        has_written.set()

        async def second_runs() -> bool:
            await clock.advance(3)  # another look at the machine
            return running["big"] == 2

        await aeventually(second_runs)
        assert running["small"] == 0
        hold.set()
        for handle in (first, second):
            await handle.wait(timeout=10)

        async def all_ended() -> bool:
            await clock.advance(3)  # another look at the machine
            return all([(await handle.status()).is_terminal for handle in (third, behind)])

        await aeventually(all_ended)
        assert most["big"] == 2


async def test_without_its_condition_a_job_stops_at_a_checkpoint_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    probe, clock = ManualProbe(), ManualClock()
    async with open_library(tmp_path, probe=probe, clock=clock) as library:
        handle = await library.jobs.dispatch(plugged.new())
        await aeventually(lambda: runs("plugged", 1))
        probe.set_condition(mains_power(), False, "on battery, 62 %")
        await _until(clock, "plugged", 0)

        async def queued() -> bool:
            return await handle.status() is JobStatus.QUEUED

        await aeventually(queued)
        info = await library.jobs.info(handle.id)
        assert (info.status, info.errors, info.crashes) == (JobStatus.QUEUED, 0, 0)
        assert info.reason == "waits for mains power (on battery, 62 %)"
        probe.set_condition(mains_power(), True)
        await _until(clock, "plugged", 1)
        hold.set()
        await handle.wait(timeout=10)


async def _until(clock: ManualClock, name: str, count: int) -> None:
    async def reached() -> bool:
        await clock.advance(1)
        return running[name] == count

    await aeventually(reached)


async def test_what_this_machine_can_never_give_is_refused_at_dispatch(tmp_path: Path) -> None:
    probe = ManualProbe()
    probe.set_amount("gpu", 1)
    async with open_library(tmp_path, probe=probe) as library:
        with pytest.raises(ResourceNeverThere, match=r"resources\.greedy can never run here: it needs 2 GPUs"):
            await library.jobs.dispatch(greedy.new())
        with pytest.raises(ResourceNeverThere, match="this library declares none"):
            await library.jobs.dispatch(licensed.new())
        assert sum((await library.jobs.counts()).values()) == 0
    async with open_library(tmp_path, probe=probe, resources={"license": 2}, slots=8) as library:
        handles = await library.jobs.dispatch_many(licensed.new() for _ in range(5))
        await aeventually(lambda: runs("licensed", 2))
        hold.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in handles))
        assert most["licensed"] == 2


async def test_a_parent_that_waits_gives_its_resources_to_its_children(tmp_path: Path) -> None:
    probe = ManualProbe()
    probe.set_amount("gpu", 1)
    async with open_library(tmp_path, probe=probe, slots=8) as library:
        assert await (await library.jobs.dispatch(family.new(5))).wait(timeout=10) == 5


def test_a_resource_as_text_is_refused_with_advice() -> None:
    with pytest.raises(DefinitionError, match=r"Resource\.parse\('gpu'\)"):
        job(name="resources.text", requires_resources=["gpu"])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
    assert str(Resource.parse("gpu:2")) == "gpu:2"
