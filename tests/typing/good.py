"""What a user writes, with the types that both checkers must infer. Only checked, never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, assert_never, assert_type

from spacedrive_jobs import (
    Action,
    After,
    Before,
    BlockingJobContext,
    BlockingJobHandle,
    BlockingSchedule,
    Bytes,
    Cancelled,
    CatchUp,
    Completed,
    Failed,
    GenericProgress,
    Job,
    JobContext,
    JobEvent,
    JobFilter,
    JobHandle,
    JobId,
    JobInfo,
    JobInterrupted,
    JobOutcome,
    JobStatus,
    JobSystem,
    JobUpdate,
    Library,
    Page,
    Priority,
    ProgressChanged,
    ProgressData,
    QuestionInfo,
    Schedule,
    StatusChanged,
    Unique,
    interrupt_requested,
    job,
    transient,
)
from spacedrive_jobs.testing import Recording, drain, run_and_kill


@dataclass(frozen=True)
class Copied:
    files: int


async def copied(name: str) -> Copied:
    return Copied(len(name))


@dataclass
class WalkState:
    cursor: str
    found: int = 0


@dataclass(frozen=True)
class Options:
    verify: bool = True


@job(name="typing.copy")
async def copy(ctx: JobContext[int], sources: Sequence[Path], destination: Path) -> Copied:
    return Copied(len(sources))


@job(name="typing.checksum")
def checksum(ctx: BlockingJobContext, path: Path) -> str:
    return str(path)


@job(name="typing.walk", version=2, aliases=["typing.old_walk"], timeout=timedelta(minutes=5))
class Walk:
    root: Path
    options: Options = transient(default_factory=Options)

    async def run(self, ctx: JobContext[WalkState]) -> Copied:
        return Copied(1 if self.options.verify else 0)


@job(name="typing.blocking_state", retries=3, backoff=timedelta(seconds=1), isolation="process")
def blocking_state(ctx: BlockingJobContext[list[int]], first: int, *, second: str = "") -> tuple[int, str]:
    return first, second


class Bare(ProgressData):
    x: int


def measure(path: Path) -> int:
    return 0 if interrupt_requested() else path.stat().st_size


assert_type(Walk(root=Path()).options, Options)
assert_type(Bare(x=1).x, int)


async def verbs(ctx: JobContext[int], plain: JobContext) -> None:
    ctx.progress(Bytes(1, 10))
    ctx.progress(GenericProgress(phase="copy", phases=(("scan", 0.1), ("copy", 0.9)), current_path=Path("a")))
    ctx.progress(Bare(x=1))
    ctx.add_warning("slow disk")
    ctx.add_non_critical_error(OSError("unreadable"))
    ctx.increment_bytes(1)
    ctx.increment_items()
    ctx.item("a.jpg")
    ctx.item(Path("b.jpg"), "skipped", reason="exists")
    ctx.keep(b"key", b"value")
    ctx.check_claim()
    assert_type(await ctx.kept(b"key"), bytes | None)
    assert_type(await ctx.load_state(), int | None)
    assert_type(await ctx.load_state(default=0), int)
    await ctx.checkpoint(1)
    await ctx.save_state(1)
    await plain.checkpoint()
    assert_type(await ctx.run_in_pool(measure, Path()), int)
    assert_type(await ctx.map(measure, [Path()], limit=4), list[int])
    child = await ctx.spawn_child(checksum.new(Path()), key="sum", after=())
    assert_type(child, JobHandle[str])
    assert_type(await child.wait(), str)
    await ctx.wait_for_children()
    assert_type(await ctx.wait_for_children(on_failure="settle"), Mapping[JobId, JobOutcome[object]])
    assert_type(await ctx.step("size", measure, Path()), int)
    assert_type(await ctx.step("copy", copied, "x"), Copied)
    assert_type(await ctx.ask("Which?", key="a"), str)
    assert_type(await ctx.ask("Which?", key="b", choices=[1, 2]), int)
    assert_type(await ctx.ask_all({"c": "Which?"}, choices=[True, False]), dict[str, bool])
    await ctx.sleep(timedelta(hours=1), key="nap")
    try:
        await ctx.check_interrupt()
    except JobInterrupted as interrupted:
        print(interrupted.kind)
        raise


def blocking_verbs(ctx: BlockingJobContext[int], plain: BlockingJobContext) -> None:
    ctx.item(Path("b.jpg"), "error", reason="unreadable")
    assert_type(ctx.load_state(default=0), int)
    ctx.checkpoint(1)
    plain.checkpoint()
    assert_type(ctx.map(measure, [Path()]), list[int])
    assert_type(ctx.spawn_child(checksum.new(Path())), BlockingJobHandle[str])
    assert_type(ctx.wait_for_children(on_failure="settle"), Mapping[JobId, JobOutcome[object]])
    assert_type(ctx.step("size", measure, Path()), int)
    assert_type(ctx.ask("Which?", key="b", choices=[1, 2]), int)
    ctx.sleep(1, key="nap")
    assert_type(ctx.run_in_pool(measure, Path()), int)


async def calls(ctx: JobContext[int], blocking: BlockingJobContext, listed: BlockingJobContext[list[int]]) -> None:
    assert_type(await copy(ctx, [], Path()), Copied)  # a unit test calls the function itself
    assert_type(checksum(blocking, Path()), str)
    assert_type(blocking_state(listed, 1, second="x"), tuple[int, str])


async def dispatching(known: JobId) -> None:
    first, second = Walk(root=Path("/photos")), Walk(root=Path("/music"))
    async with Library.open(Path("photos.sdlibrary"), create=True, runs="own", slots=4) as library:
        jobs = library.jobs
        handle = await jobs.dispatch(first, priority=Priority.LOW, timeout=5)
        assert_type(handle, JobHandle[Copied])
        assert_type(await handle.wait(timeout=5), Copied)
        assert_type(await jobs.dispatch(checksum.new(Path()), priority=7), JobHandle[str])
        assert_type(await jobs.dispatch(copy.new([], Path())), JobHandle[Copied])
        assert_type(await jobs.dispatch_many([first, second]), list[JobHandle[Copied]])
        assert_type(await jobs.dispatch_many(checksum.new(path) for path in [Path()]), list[JobHandle[str]])
        mixed: list[Job[Any, object]] = [first, checksum.new(Path())]
        assert_type(await jobs.dispatch_many(mixed), list[JobHandle[object]])
        assert_type(await jobs.dispatch_named("typing.walk", {"root": "/photos"}), JobHandle[object])
        assert_type(await jobs.get(known), JobHandle[object])
        assert_type(await jobs.get(known, Walk), JobHandle[Copied])
        assert_type(await jobs.get(known, copy), JobHandle[Copied])
        assert_type(await jobs.get(known, checksum), JobHandle[str])
        assert_type(await jobs.unfinished(first), JobHandle[Copied] | None)
        assert_type(await jobs.list(), Page[JobInfo])
        after = await jobs.dispatch(
            checksum.new(Path()), after=[handle], on_failure="run", unique=Unique(("path",), "reject")
        )
        assert_type(after, JobHandle[str])
        assert_type(await jobs.dispatch(first, unique=("root",), action=Action(who="me")), JobHandle[Copied])
        assert_type(await handle.retry(), JobHandle[Copied])
        assert_type(await jobs.questions(), Page[QuestionInfo])
        async for change in jobs.changes():
            assert_type(change, JobEvent)
        await handle.pause()
        await handle.paused()
        await handle.resume()
        await handle.cancel("not needed")
        await handle.abort()


def blocking() -> None:
    with Library.open_blocking("photos.sdlibrary", runs="none") as library:
        handle = library.jobs.dispatch(Walk(root=Path()))
        assert_type(handle.wait(timeout=5), Copied)
        assert_type(library.jobs.get(handle.id, Walk), BlockingJobHandle[Copied])
        assert_type(library.jobs.dispatch_many([Walk(root=Path())]), list[BlockingJobHandle[Copied]])
        assert_type(handle.subscribe(), Iterator[JobUpdate[Copied]])


async def watch(jobs: JobSystem) -> None:
    handle = await jobs.dispatch(Walk(root=Path()))
    async for update in handle.subscribe():
        print(describe(update))


def describe(update: JobUpdate[Copied]) -> str:
    match update:
        case ProgressChanged(Bare(x=x)):
            return str(x)
        case ProgressChanged() | StatusChanged():
            return ""
        case Completed(output):
            assert_type(output, Copied)
            return str(output.files)
        case Failed(error):
            return str(error)
        case Cancelled(reason):
            return reason
        case _:
            assert_never(update)


async def scheduled(jobs: JobSystem) -> None:
    schedule = (
        await jobs.schedule(Walk(root=Path())).every(hours=6).starting_at(datetime(2031, 1, 1, tzinfo=UTC)).dispatch()
    )
    assert_type(schedule, Schedule[Copied])
    assert_type(await schedule.run_now(), JobHandle[Copied])
    assert_type(await schedule.next_runs(3), list[datetime])
    again = await jobs.schedule(checksum.new(Path()), misfire=CatchUp(7), overlap="queue").cron("0 3 * * *").dispatch()
    assert_type(again, Schedule[str])
    monthly = jobs.schedule(checksum.new(Path()), jitter=timedelta(minutes=5)).calendar(months=1, at=time(3))
    assert_type(await monthly.dispatch(), Schedule[str])


def scheduled_blocking(path: Path) -> None:
    with Library.open_blocking(path) as library:
        schedule = library.jobs.schedule(checksum.new(path)).at(datetime(2031, 1, 1, tzinfo=UTC)).dispatch()
        assert_type(schedule, BlockingSchedule[str])
        assert_type(schedule.run_now().wait(), str)
        with library.db.transaction() as tx:
            tx.executemany("INSERT INTO seen VALUES (?)", [("a.jpg",), (None,)])
            assert_type(library.jobs.dispatch(checksum.new(path), tx=tx), BlockingJobHandle[str])
        assert_type(library.jobs.cancel_all(JobFilter(kind="typing.walk")), int)


async def in_transactions(library: Library, ctx: JobContext[int]) -> None:
    async with library.db.transaction() as tx:
        await tx.execute("INSERT INTO seen VALUES (?, ?)", ("a.jpg", 3))
        assert_type(await library.jobs.dispatch(checksum.new(Path()), tx=tx), JobHandle[str])
        assert_type(await library.jobs.dispatch_many([Walk(root=Path())], tx=tx), list[JobHandle[Copied]])
    async with ctx.library_db.transaction() as tx:
        await ctx.checkpoint(2, tx=tx)
    rows = await library.db.query("SELECT name FROM seen WHERE size > ?", (2,))
    assert_type(rows, list[tuple[int | float | str | bytes | None, ...]])


def in_blocking_transactions(ctx: BlockingJobContext[int]) -> None:
    with ctx.library_db.transaction() as tx:
        ctx.checkpoint(2, tx=tx)


async def many_at_once(jobs: JobSystem) -> None:
    unwanted = JobFilter(kind="typing.walk", statuses=[JobStatus.QUEUED])
    assert_type(await jobs.cancel_all(unwanted, reason="enough"), int)
    assert_type(await jobs.retry_all(JobFilter()), int)


async def tested(path: Path, library: Library) -> None:
    recording = Recording(Walk(root=path), state=WalkState("a"))
    assert_type(await recording.run(), Copied)
    assert_type(recording.states, list[WalkState])
    assert_type(await run_and_kill(path, Walk(root=path), checkpoints=2), JobId)
    assert_type(await drain(library), dict[JobStatus, int])


async def in_line(jobs: JobSystem, one: JobId, other: JobId) -> None:
    await jobs.place([one], Before(other))
    await jobs.place([handle.id for handle in [await jobs.get(one)]], After(other))
    await jobs.place([one, other], "first")
    assert_type(await jobs.waiting(5, statuses=[JobStatus.PAUSED]), Page[JobInfo])
