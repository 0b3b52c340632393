"""What the command does on the job's updates and on the person's signals."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from sdjobs import follow
from sdjobs.follow import Ended, Ending, Follower, Paused, Stance, Stopped, Unattended
from sdjobs.streams import Output
from sdjobs.views.presenter import Presenter
from spacedrive_jobs import Completed, JobStatus, ProgressChanged, ProgressView, Request, RunnerInfo
from spacedrive_jobs import Count as CountOf
from tests.unit.sdjobs.fakes import PlayedJob, PlayedLibrary, RecordingView
from tests.unit.sdjobs.records import THEN, info
from tests.waiting import aeventually, eventually

FOREGROUND = Stance(pauses=True, adopts=True)
HANDED_OVER = Stance(pauses=True, minds=True)
WATCHING = Stance()


class Scene:
    def __init__(self, job: PlayedJob, stance: Stance) -> None:
        self.job, self.view = job, RecordingView()
        self.library = PlayedLibrary(job)
        self.presenter = Presenter(self.view)
        self.follower = Follower(self.library.jobs, job, self.presenter, stance)

    def press(self, number: signal.Signals = signal.SIGINT) -> None:
        self.follower.deliver(number)

    async def asked(self, *what: str) -> None:
        async def same() -> bool:
            return self.job.asked == list(what)

        await aeventually(same, what=f"asked {what}, was asked {self.job.asked}")

    async def says(self, words: str) -> None:
        await asyncio.to_thread(eventually, lambda: any(words in said for said in self._on_screen()))

    def _on_screen(self) -> list[str]:
        return [*self.view.said, *(shown.note for shown in self.view.shown)]


@asynccontextmanager
async def following(
    stance: Stance, job: PlayedJob | None = None
) -> AsyncIterator[tuple[Scene, asyncio.Future[Ending]]]:
    scene = Scene(job or PlayedJob(), stance)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(scene.follower.follow())
        yield scene, task
        await task
    await asyncio.to_thread(scene.presenter.close)


def runner(mode: Literal["all", "own", "none"] = "all", state: Literal["alive", "dead"] = "alive") -> RunnerInfo:
    from spacedrive_jobs import RunnerId

    return RunnerInfo(
        id=RunnerId(b"r" * 16), mode=mode, pid=7, host="h", program="worker", started_at=THEN, state=state
    )


async def test_the_end_of_the_job_ends_the_following() -> None:
    async with following(FOREGROUND) as (scene, task):
        scene.job.updates.put_nowait(ProgressChanged(CountOf(1), ProgressView(items_done=1)))
        scene.job.updates.put_nowait(Completed("done"))
        assert await task == Ended()


async def test_ctrl_c_pauses_and_the_pause_ends_the_following() -> None:
    async with following(FOREGROUND) as (scene, task):
        scene.press()
        await scene.asked("pause")
        await scene.says(follow.PAUSING)
        assert not task.done()
        scene.job.turns(JobStatus.RUNNING, request=Request.PAUSE)
        scene.job.turns(JobStatus.PAUSED, request=None)
        assert await task == Paused()


async def test_a_second_ctrl_c_aborts() -> None:
    async with following(FOREGROUND) as (scene, task):
        scene.press()
        scene.press()
        await scene.asked("pause", "abort")
        scene.job.turns(JobStatus.CANCELLED)
        scene.job.updates.put_nowait(Completed(None))
        assert await task == Ended()


async def test_a_job_that_cannot_be_paused_is_not_left_in_silence() -> None:
    async with following(FOREGROUND) as (scene, task):
        scene.job.resumable = False
        scene.press()
        await scene.says(follow.UNSTOPPABLE)
        scene.press()
        await scene.asked("pause", "abort")
        scene.job.updates.put_nowait(Completed(None))
        await task


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_shutdown_asks_nothing_of_the_job(number: signal.Signals) -> None:
    async with following(FOREGROUND) as (scene, task):
        scene.press(number)
        assert await task == Stopped(number)
        assert scene.job.asked == []


async def test_ctrl_c_ends_mere_watching_and_leaves_the_job_alone() -> None:
    async with following(WATCHING) as (scene, task):
        scene.press()
        assert await task == Stopped(signal.SIGINT)
        assert scene.job.asked == []


async def test_a_job_whose_runner_died_is_taken_up_here() -> None:
    async with following(FOREGROUND) as (scene, task):
        scene.job.turns(JobStatus.QUEUED, "its process died")
        await scene.asked("resume")
        scene.job.updates.put_nowait(Completed(None))
        await task


async def test_watching_takes_nothing_up() -> None:
    async with following(WATCHING) as (scene, task):
        scene.job.turns(JobStatus.QUEUED, "its process died")
        scene.job.turns(JobStatus.RUNNING)
        scene.job.updates.put_nowait(Completed(None))
        await task
        assert scene.job.asked == []


@pytest.mark.parametrize(
    ("runners", "unattended"),
    [([], True), ([runner("own")], True), ([runner(state="dead")], True), ([runner()], False)],
    ids=["none", "own", "dead", "alive"],
)
async def test_who_handed_over_minds_that_the_other_has_gone(runners: list[RunnerInfo], unattended: bool) -> None:
    async with following(HANDED_OVER) as (scene, task):
        scene.library.running = runners
        scene.job.turns(JobStatus.QUEUED, "shut down")
        if unattended:
            assert await task == Unattended()
        else:
            scene.job.updates.put_nowait(Completed(None))
            assert await task == Ended()


@pytest.mark.parametrize(("status", "ending"), [(JobStatus.COMPLETED, Ended()), (JobStatus.PAUSED, Paused())])
async def test_what_happened_unseen_is_found_by_looking_again(
    monkeypatch: pytest.MonkeyPatch, status: JobStatus, ending: Ending
) -> None:
    monkeypatch.setattr(follow, "LOOK_AGAIN", 0.01)
    async with following(WATCHING) as (scene, task):
        scene.job.record = info(status=status)
        assert await task == ending


async def test_watching_ends_when_nobody_reads_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "LOOK_AGAIN", 0.01)
    output = Output(io.StringIO())
    async with following(Stance(reader=output)) as (_, task):
        output.abandon()
        assert await task == Stopped(signal.SIGPIPE)


async def test_each_status_is_told_once() -> None:
    async with following(WATCHING) as (scene, task):
        scene.job.turns(JobStatus.RUNNING, "again")
        scene.job.turns(JobStatus.RUNNING, "again")
        scene.job.turns(JobStatus.QUEUED, "shut down")
        scene.job.updates.put_nowait(Completed(None))
        await task
    assert scene.view.statuses == [("running", "again"), ("queued", "shut down")]
