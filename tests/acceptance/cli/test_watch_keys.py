"""The keys of the full-screen view, on a real library; the terminal alone is left out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from sdjobs.exit_codes import ExitCode
from sdjobs.screen.app import WatchApp
from sdjobs.screen.deeds import Deed, Done
from sdjobs.screen.lines import Lines
from sdjobs.screen.looking import FEW, Look, Looker, Window
from sdjobs.settings import LIBRARY_VARIABLE, Settings
from spacedrive_jobs import JobFilter, JobHandle, JobStatus, JobSystem, Library, NoSpace, StoreBusy
from tests.acceptance.cli.sample_jobs import Asking, Steps, failing
from tests.waiting import aeventually


class Watched:
    """The view of an open library: keys are pressed, lines are read."""

    def __init__(self, app: WatchApp, pilot: Pilot[ExitCode], library: Library) -> None:
        self.app, self.library = app, library
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    def lines(self) -> list[str]:
        """Of the screen that is on top."""
        found = self.app.screen.query(Lines)
        return [one.render_line(row).text.rstrip() for one in found for row in range(one.size.height)]

    async def shows(self, words: str) -> None:
        async def stands() -> bool:
            await self._pilot.pause()
            return any(words in line for line in self.lines())

        await aeventually(stands, what=f"{words!r} on the screen {self.lines()}")

    async def becomes(self, handle: JobHandle[object], status: JobStatus) -> None:
        async def is_so() -> bool:
            return await handle.status() is status

        await aeventually(is_so, what=status.value)

    async def resize(self, width: int, height: int) -> None:
        await self._pilot.resize_terminal(width, height)


@asynccontextmanager
async def watching(
    path: Path, *, runs: bool = True, size: tuple[int, int] = (100, 40)
) -> AsyncGenerator[Watched, None]:
    async with Library.open(path, create=True, runs="all" if runs else "none") as library:
        app = WatchApp(library, Settings(named_library=str(path)))
        async with app.run_test(size=size) as pilot:
            yield Watched(app, pilot, library)


@pytest.fixture(autouse=True)
def _short_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    """The library is the one that is meant anyway: no command has to name it."""
    monkeypatch.setenv(LIBRARY_VARIABLE, str(tmp_path / "library"))


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Where no step is allowed yet."""
    path = tmp_path / "gate"
    path.write_text("")
    return path


async def test_a_job_is_paused_and_the_pause_taken_back(tmp_path: Path, gate: Path) -> None:
    async with watching(tmp_path / "library") as seen:
        handle = await seen.library.jobs.dispatch(Steps(total=10, gate=gate))
        await seen.shows("0 of 10.0 kB")
        await seen.press("tab", "p")
        await seen.becomes(handle, JobStatus.PAUSED)
        await seen.shows("pauses at its next safe point. (u takes it back)")
        await seen.shows(f"jobs pause {handle.id.short}")
        await seen.shows("Paused, until you let it go on")
        await seen.press("u")
        await seen.becomes(handle, JobStatus.RUNNING)
        await seen.shows("goes on.")
        gate.write_text("10")
        await seen.shows("✓ Count steps")


async def test_a_cancel_asks_first(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        handle = await seen.library.jobs.dispatch(Steps(total=1))
        await seen.shows("Count steps")
        await seen.press("end", "c")
        await seen.shows(f"jobs cancel {handle.id.short}")
        await seen.press("n")
        await seen.shows("Waiting")
        assert await handle.status() is JobStatus.QUEUED
        await seen.press("c", "y")
        await seen.becomes(handle, JobStatus.CANCELLED)
        await seen.shows("Cancelled")
        await seen.press("u")
        await seen.shows("is done again.")
        assert (await seen.library.jobs.counts())[JobStatus.QUEUED] == 1


async def test_a_job_is_put_first(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.library.jobs.dispatch_many([Steps(total=1), Steps(total=2), Steps(total=3)])
        last = (await seen.library.jobs.waiting()).rows[-1].id
        await seen.shows("3 jobs wait")
        await seen.press("end", "f")
        await seen.shows("comes first now.")
        assert (await seen.library.jobs.waiting()).rows[0].id == last


async def test_a_job_that_failed_is_done_again(tmp_path: Path) -> None:
    async with watching(tmp_path / "library") as seen:
        await seen.library.jobs.dispatch(failing.new("no such disk"))
        await seen.shows("Needs you")
        await seen.shows("No such disk.")
        await seen.press("home", "r")
        await seen.shows("is done again.")
        assert len((await seen.library.jobs.list()).rows) == 2


async def test_a_question_is_answered(tmp_path: Path) -> None:
    async with watching(tmp_path / "library") as seen:
        handle = await seen.library.jobs.dispatch(Asking())
        await seen.shows("Which way?")
        await seen.press("home", "a")
        await seen.shows("1 left")
        await seen.press("down")
        await seen.shows("right")
        await seen.press("enter")
        assert await handle.wait() == "right"
        await seen.shows("Answered; the job goes on.")


async def test_everything_is_paused_and_goes_on(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.shows("Nothing to do.")
        await seen.press("P")
        await seen.shows("All is paused")
        await seen.shows("Everything is paused")
        await seen.press("u")
        await seen.shows("Jobs run again.")
        await seen.shows("Nothing to do.")


async def test_only_what_says_a_text_is_shown(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.library.jobs.dispatch(Steps(total=1, note="summer"))
        await seen.library.jobs.dispatch(failing.new("winter"))
        await seen.shows("2 jobs wait")
        await seen.press("slash", *"summer", "enter")
        await seen.shows("Only jobs that say: summer")
        await seen.shows("Count steps")
        assert not any("Fail" in line for line in seen.lines())
        await seen.press("escape")
        await seen.shows("Fail")


async def test_a_job_is_opened_and_its_parts_turned(tmp_path: Path) -> None:
    async with watching(tmp_path / "library") as seen:
        handle = await seen.library.jobs.dispatch(Steps(total=3, bad=1))
        await handle.wait()
        await seen.shows("1 item failed")
        await seen.press("home", "enter")
        await seen.shows("1 Why")
        await seen.press("2")
        await seen.shows("error   /steps/1")
        await seen.shows("ok      /steps/2")
        await seen.press("e")
        await seen.shows(f"jobs items {handle.id.short} --outcome error")
        await seen.press("3")
        await seen.shows("attempt 1 starts at 0")
        await seen.press("4")
        await seen.shows("completed")
        await seen.press("5")
        await seen.shows("It has no children.")
        await seen.press("escape")
        await seen.shows("History")


async def test_a_long_list_is_asked_for_in_parts(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.library.jobs.dispatch_many([Steps(total=number) for number in range(1, 10_001)])
        await seen.shows("9,992 more jobs: Enter shows some of them")
        assert seen.app.board.look is not None
        assert len(seen.app.board.look.waiting) == FEW
        await seen.press("end", "enter")
        await seen.shows("9,942 more jobs")
        await seen.press("end", "enter")

        async def more_are_asked_for() -> bool:
            await seen.press("end")
            return any("9,892 more jobs" in line for line in seen.lines())

        await aeventually(more_are_asked_for)


async def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.shows("Nothing runs now.")
        await seen.press("p")
        await seen.shows("That cannot be done with what is chosen.")
        await seen.press("a")
        await seen.shows("It asks nothing.")
        await seen.press("u")
        await seen.shows("There is nothing to take back.")


async def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(jobs: JobSystem, deed: Deed) -> Done:
        raise NoSpace(tmp_path / "library")

    monkeypatch.setattr("sdjobs.screen.app.carry_out", refused)
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.shows("Nothing to do.")
        await seen.press("P")
        await seen.shows("o space")
        await seen.press("q")
        assert seen.app.return_value is ExitCode.DONE


async def test_a_library_that_cannot_be_read_is_said_once_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.shows("Nothing to do.")
        with monkeypatch.context() as broken:

            async def cannot(looker: Looker, window: Window) -> Look:
                raise StoreBusy(tmp_path, "somebody")

            broken.setattr(Looker, "look", cannot)
            seen.app.look_again()
            await seen.shows("The library cannot be read now.")
            await seen.shows("Nothing to do.")
        seen.app.look_again()
        await seen.shows("The library can be read again.")


async def test_help_lists_the_keys_and_how_the_same_is_typed(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        handle = await seen.library.jobs.dispatch(Steps(total=1))
        await seen.shows("1 job waits")
        await seen.press("end", "question_mark")
        await seen.shows(f"jobs pause {handle.id.short}")
        await seen.shows("queue pause")
        await seen.press("escape")
        await seen.shows("Waiting")


async def test_help_that_is_longer_than_the_screen_can_be_scrolled(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False, size=(80, 10)) as seen:
        await seen.shows("Nothing to do.")
        await seen.press("question_mark")
        frame = seen.app.screen.query_one(".frame")
        assert frame.size.height <= 10
        await seen.press("end")

        async def is_at_the_end() -> bool:
            return frame.max_scroll_y > 0 and frame.scroll_offset.y == frame.max_scroll_y

        await aeventually(is_at_the_end)


async def test_a_job_that_is_deleted_meanwhile_is_left(tmp_path: Path) -> None:
    async with watching(tmp_path / "library") as seen:
        await (await seen.library.jobs.dispatch(Steps(total=1))).wait()
        await seen.shows("Done in")
        await seen.press("end", "enter")
        await seen.shows("1 Why")
        await seen.library.jobs.clear(JobFilter())
        await seen.shows("This job was deleted from the history.")
        await seen.shows("Nothing runs now.")


async def test_it_follows_the_size_of_its_terminal(tmp_path: Path) -> None:
    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.library.jobs.dispatch(Steps(total=1))
        await seen.shows("1 job waits")
        for width, height in ((40, 12), (20, 6), (200, 60), (80, 24)):
            await seen.resize(width, height)
            await seen.shows("q Quit" if width > 14 else "q")
            assert max(map(len, seen.lines())) <= width


async def test_a_library_that_is_gone_ends_it(tmp_path: Path) -> None:
    import shutil

    from spacedrive_jobs import LibraryNotFound

    async with watching(tmp_path / "library", runs=False) as seen:
        await seen.shows("Nothing to do.")
        shutil.rmtree(tmp_path / "library")

        async def has_ended() -> bool:
            return isinstance(seen.app.failure, LibraryNotFound)

        await aeventually(has_ended)
