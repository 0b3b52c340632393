from __future__ import annotations

import threading

import pytest

from sdjobs.views.presenter import Presenter
from sdjobs.views.snapshot import Snapshot
from spacedrive_jobs import JobStatus, ProgressView
from tests.unit.sdjobs.fakes import RecordingView
from tests.unit.sdjobs.records import JOB
from tests.waiting import eventually


def snapshot(done: int, status: JobStatus = JobStatus.RUNNING) -> Snapshot:
    return Snapshot(job=JOB, title="", status=status, view=ProgressView(items_done=done))


class StuckView(RecordingView):
    """A terminal that takes nothing until it is let go, as after Ctrl-S."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck, self.go = threading.Event(), threading.Event()

    def draw(self, snapshot: Snapshot) -> None:
        self.stuck.set()
        assert self.go.wait(10)
        super().draw(snapshot)


def test_a_stuck_terminal_holds_nobody_up_and_gets_the_newest_when_it_moves_again() -> None:
    view = StuckView()
    presenter = Presenter(view)
    presenter.show(snapshot(0))
    assert view.stuck.wait(10)
    for done in range(1, 1000):
        presenter.show(snapshot(done))
    presenter.status(snapshot(999, JobStatus.PAUSED))
    presenter.status(snapshot(999, JobStatus.QUEUED))
    presenter.say("still here")
    view.go.set()
    eventually(lambda: view.said)
    presenter.close()
    assert [shown.view.items_done for shown in view.shown[:2]] == [0, 999]
    assert len(view.shown) <= 3
    assert [status for status, _ in view.statuses] == ["paused", "queued"]


def test_progress_after_progress_shows_the_newest() -> None:
    view = StuckView()
    presenter = Presenter(view)
    presenter.show(snapshot(0))
    assert view.stuck.wait(10)
    presenter.show(snapshot(1))
    presenter.show(snapshot(2))
    view.go.set()
    eventually(lambda: len(view.shown) == 2)
    presenter.close()
    assert [shown.view.items_done for shown in view.shown] == [0, 2]


def test_a_job_that_has_ended_has_no_progress_to_show() -> None:
    view = RecordingView()
    presenter = Presenter(view)
    presenter.show(snapshot(1, JobStatus.COMPLETED))
    presenter.status(snapshot(1, JobStatus.COMPLETED))
    eventually(lambda: view.statuses)
    presenter.say("the end")
    eventually(lambda: view.said)
    presenter.close()
    assert view.shown == []


def test_what_was_told_is_shown_before_the_end() -> None:
    view = RecordingView()
    presenter = Presenter(view)
    for number in range(50):
        presenter.say(str(number))
    presenter.close()
    assert view.said == [str(number) for number in range(50)]
    assert view.closed == 1


def test_an_error_of_the_view_is_raised_at_the_end_and_the_screen_is_left() -> None:
    drawn = threading.Event()

    class Broken(RecordingView):
        def draw(self, snapshot: Snapshot) -> None:
            drawn.set()
            raise ValueError("cannot draw")

    view = Broken()
    presenter = Presenter(view)
    presenter.show(snapshot(1))
    assert drawn.wait(10)
    with pytest.raises(ValueError, match="cannot draw"):
        presenter.close()
    assert view.closed == 1
