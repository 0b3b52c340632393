"""What can be chosen on the full-screen view, and what stays chosen."""

from __future__ import annotations

from msgspec.structs import replace

from sdjobs.screen.board import AskedEntry, Board, JobEntry, MoreEntry, Section, TroubleEntry, entries_of
from sdjobs.screen.looking import MOST, Look, Window, needing
from spacedrive_jobs import JobMetrics, JobStatus
from tests.unit.sdjobs.looks import asked, look, numbered, queued

DONE = numbered(9, status=JobStatus.COMPLETED)
FAILED = numbered(8, status=JobStatus.FAILED)


def board_of(one: Look) -> Board:
    board = Board()
    board.take(one)
    return board


def busy() -> Look:
    return look(
        asked=(asked(5),), failed=(FAILED,), running=(numbered(1), numbered(2)), waiting=(queued(3), queued(4)),
        ended=(DONE, FAILED),
    )  # fmt: skip


def sections(board: Board) -> list[Section]:
    return [entry.section for entry in board.entries]


def test_from_the_top_down_what_needs_somebody_comes_first() -> None:
    board = board_of(busy())
    assert (
        sections(board) == [Section.NEEDS] * 2 + [Section.RUNNING] * 2 + [Section.WAITING] * 2 + [Section.HISTORY] * 2
    )
    assert isinstance(board.chosen, AskedEntry)


def test_under_a_filter_only_jobs_are_shown() -> None:
    found = entries_of(busy(), Window(text="photos"))
    assert all(isinstance(entry, JobEntry) for entry in found)
    assert found[0].section is Section.RUNNING


def test_a_job_that_goes_on_to_another_list_stays_chosen() -> None:
    board = board_of(look(running=(numbered(1), numbered(2)), waiting=(queued(3),)))
    board.move(1)
    board.take(
        look(running=(numbered(1),), waiting=(queued(3),), ended=(replace(numbered(2), status=JobStatus.COMPLETED),))
    )
    assert board.chosen == JobEntry(Section.HISTORY, replace(numbered(2), status=JobStatus.COMPLETED))


def test_where_the_chosen_one_has_gone_its_neighbour_is_chosen() -> None:
    board = board_of(look(waiting=(queued(1), queued(2), queued(3))))
    board.to_end(1)
    board.take(look(waiting=(queued(1), queued(2))))
    assert board.chosen == JobEntry(Section.WAITING, queued(2))
    board.take(look())
    board.move(1)
    board.to_section(1)
    assert board.chosen is None


def test_moving_ends_at_the_ends() -> None:
    board = board_of(busy())
    board.move(-1)
    assert board.place == 0
    board.move(100)
    assert board.place == len(board.entries) - 1
    board.to_end(-1)
    assert board.place == 0


def test_from_list_to_list_round_and_round() -> None:
    board = board_of(busy())
    seen = []
    for _ in range(5):
        board.to_section(1)
        assert board.chosen is not None
        seen.append(board.chosen.section)
    assert seen == [Section.RUNNING, Section.WAITING, Section.HISTORY, Section.NEEDS, Section.RUNNING]
    board.to_section(-1)
    assert board.place == 0


def test_a_long_list_is_not_asked_for_whole() -> None:
    board = board_of(look(waiting=(queued(1),), more_waiting=9_999))
    assert board.entries[-1] == MoreEntry(Section.WAITING, 9_999, full=False)
    board.show_more(Section.WAITING)
    assert board.window.waiting == 58
    for _ in range(100):
        board.show_more(Section.WAITING)
        board.show_more(Section.HISTORY)
    assert (board.window.waiting, board.window.ended) == (MOST, MOST)
    board.take(look(waiting=(queued(1),), more_waiting=9_000))
    assert board.entries[-1] == MoreEntry(Section.WAITING, 9_000, full=True)


def test_a_filter_begins_with_short_lists_again() -> None:
    board = Board()
    board.show_more(Section.WAITING)
    board.find("photos")
    assert board.window == Window(text="photos")


def test_what_keeps_jobs_from_running_is_said_with_what_mends_it() -> None:
    counts = {**dict.fromkeys(JobStatus, 0), JobStatus.QUEUED: 2}
    paused: dict[str | None, str] = {None: "paused by hand", "file_copy": "the disk is away"}
    found = entries_of(look(counts=counts, attended=False, full=True, paused=paused), Window())
    told = [(entry.title, entry.command) for entry in found if isinstance(entry, TroubleEntry)]
    assert told == [
        ("The library's disk is full", ()),
        ("Nobody runs the jobs", ("worker",)),
        ("Everything is paused", ("queue", "resume")),
        ("All of kind file_copy is paused", ("queue", "resume", "file_copy")),
    ]


def test_what_needs_somebody() -> None:
    some = numbered(7, status=JobStatus.COMPLETED, metrics=JobMetrics(items_error=1))
    child = numbered(6, status=JobStatus.FAILED, parent=FAILED.id)
    cancelled = numbered(5, status=JobStatus.CANCELLED)
    assert needing([FAILED, DONE, some, child, cancelled]) == (FAILED, some)
    assert needing([FAILED, some, numbered(10, retry_of=FAILED.id)]) == (some,)
