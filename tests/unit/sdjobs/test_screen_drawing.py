"""The full-screen view as lines: whatever the width, and whatever files are called."""

from __future__ import annotations

from datetime import datetime

import pytest
from rich.cells import cell_len
from rich.text import Text

from sdjobs.screen.board import Board
from sdjobs.screen.drawing import body, header
from sdjobs.screen.footer import Notice, footer, keys_line, keys_of, look_at
from sdjobs.screen.job_drawing import HEIGHT, job_header, job_lines, screen_keys
from sdjobs.screen.job_look import JobLook, JobWindow, Part, Row
from sdjobs.screen.looking import Disk, Look
from sdjobs.text import age
from spacedrive_jobs import GenericProgress, JobMetrics, JobStatus, ProgressView, Request
from tests.unit.sdjobs.looks import asked, look, numbered, plain, queued, sheet
from tests.unit.sdjobs.records import NOW, TRANSFER

HOSTILE = "a\x1b[2J\x1b[Hb\rc\nd\x9b31m\u202egnp.exe\x07"
NAMES = [
    HOSTILE,
    "/photos/" + "x" * 4096,
    "/写真/" + "漢字" * 2048,
    "👩‍👩‍👧‍👦" * 500,
    "e" + "\u0301" * 4000,
    "\ufeff\u200b\u2066" * 100,
    "\udcff\udcfe",
]
HALF = ProgressView(
    fraction=0.5, phase="copying", current_path="/photos/a.jpg", items_done=5, items_total=10, bytes_done=500,
    bytes_total=1000, bytes_per_second=100.0, eta=5.0,
)  # fmt: skip
WIDTHS = [1, 5, 20, 40, 64, 80, 200]


def drawn(one: Look, width: int = 80, height: int = 40, place: int = 0) -> list[str]:
    board = Board()
    board.take(one)
    board.move(place)
    return plain(body(board, sheet(width), height, 0)[0])


def test_the_lists_in_their_order() -> None:
    done = numbered(4, status=JobStatus.COMPLETED, arguments=TRANSFER, kind="file_copy", finished_at=NOW)
    lines = drawn(
        look(
            running=(numbered(1, view=HALF, kind="file_copy", arguments=TRANSFER),),
            waiting=(queued(2, reason="after 03:00", kind="file_move", arguments=TRANSFER),),
            ended=(done,),
        )
    )
    assert lines == [
        "Running" + " " * 72 + "1",
        "▌  Copy /photos to /backup",
        "   ━━━━━━━━━━━━━━━╸───────────────   50 %  0.5 of 1.0 kB     100 B/s   0:05 left",
        "   copying · 5 of 10 items · /photos/a.jpg",
        "",
        "Waiting" + " " * 72 + "1",
        " · Move /photos to /backup         After 03:00.                             24 s",
        "",
        "History",
        " ✓ Copy /photos to /backup         Done in 24 s                              0 s",
    ]


def test_nothing_at_all() -> None:
    assert drawn(look()) == [
        "Running",
        "   Nothing runs now.",
        "",
        "Waiting",
        "   Nothing waits.",
        "",
        "History",
        "   Nothing.",
    ]


def test_a_narrow_screen_has_the_reason_below() -> None:
    lines = drawn(look(waiting=(queued(2, reason="after 03:00", kind="file_move", arguments=TRANSFER),)), width=40)
    assert lines[3:6] == ["Waiting" + " " * 32 + "1", "▌· Move /photos to /backup          24 s", "   After 03:00."]


def test_where_paths_do_not_fit_their_last_names_stand() -> None:
    far = {"sources": ["/srv/a/very/long/way/to/Harbour"], "destination": "/media/ada/a disk far away/Backup"}
    lines = drawn(look(waiting=(queued(2, kind="file_copy", arguments=far),)), width=80)
    assert "Copy Harbour to Backup" in lines[4]


def test_the_step_and_what_was_asked() -> None:
    progress = GenericProgress(phase="copying", phases=(("listing", 0.1), ("copying", 0.9)))
    assert drawn(look(running=(numbered(1, view=HALF, progress=progress),)))[1].endswith("step 2 of 2")
    assert drawn(look(running=(numbered(1, view=HALF, request=Request.PAUSE),)))[1].endswith("pausing")
    assert drawn(look(running=(numbered(1, attempt=3),)))[1].endswith("attempt 3")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_does_harm_and_no_line_is_too_wide(name: str, width: int) -> None:
    arguments = {"sources": [name], "destination": name}
    view = ProgressView(phase=name, message=name, current_path=name)
    one = look(
        asked=(asked(),),
        failed=(numbered(5, status=JobStatus.FAILED, error_message=name),),
        running=(numbered(1, kind="file_copy", arguments=arguments, view=view),),
        waiting=(queued(2, kind="file_copy", arguments=arguments, reason=name),),
        ended=(numbered(3, kind="file_copy", arguments=arguments, status=JobStatus.CANCELLED, reason=name),),
        paused={name: name},
    )
    board = Board()
    board.take(one)
    job = JobLook(info=one.running[0], attended=True, questions=(), rows=(Row(name, "", name),), more=True)
    lines = [
        *header(board, [1.0], sheet(width), name),
        *body(board, sheet(width), 100, 0)[0],
        *footer(Notice(name), name, keys_of(board.chosen), sheet(width)),
        *job_header(job, JobWindow(), sheet(width)),
        *job_lines(job, JobWindow(), sheet(width)),
    ]
    for line in lines:
        assert line.plain.isprintable(), line.plain
        assert cell_len(line.plain) <= width
        assert len(line.plain) <= 3 * width + 3, "a tower of marks"


def test_only_ascii_where_a_terminal_has_no_more() -> None:
    one = look(
        running=(numbered(1, view=HALF),),
        waiting=(queued(2, status=JobStatus.PAUSED),),
        failed=(numbered(3, status=JobStatus.FAILED),),
    )
    board = Board()
    board.take(one)
    plainly = sheet(80, draws_unicode=False)
    lines = [*header(board, [1.0, 2.0], plainly, "Photos"), *body(board, plainly, 40, 0)[0]]
    assert all(line.plain.isascii() for line in lines)
    assert any(line.plain.startswith(">!") for line in lines)


def test_what_is_chosen_is_seen_with_its_heading() -> None:
    board = Board()
    board.take(look(waiting=tuple(queued(number) for number in range(1, 101))))
    top, lines = 0, list[Text]()
    for place in (*range(101), *range(100, -1, -1)):
        board.place = min(place, 99)
        lines, top = body(board, sheet(), 10, top)
        assert len(lines) == 10
        assert any(line.plain.startswith("▌") for line in lines)
    assert plain(lines)[0] == "Running"


def test_a_line_that_is_not_seen_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[datetime] = []

    def counted_age(moment: datetime, now: datetime) -> str:
        """Each row that is drawn says one age."""
        drawn.append(moment)
        return age(moment, now)

    monkeypatch.setattr("sdjobs.screen.drawing.age", counted_age)
    board = Board()
    board.take(look(waiting=tuple(queued(number) for number in range(1, 1001))))
    body(board, sheet(), 20, 0)
    assert 10 < len(drawn) < 20


def test_the_header_says_speed_and_room() -> None:
    board = Board()
    assert plain(header(board, [], sheet(), "Photos"))[0] == "Looking at the library."
    board.take(look(running=(numbered(1),), disk=Disk(6_200_000_000, 10**12)))
    head = plain(header(board, [0.0, 84_100_000.0], sheet(), "Photos"))
    assert head[0] == "1 job runs." + " " * 63 + "Photos"
    assert head[1] == " █ 84.1 MB/s" + " " * 57 + "6.2 GB free"
    board.find("summer")
    assert "summer" in plain(header(board, [], sheet(), "Photos"))[1]


def test_the_foot_says_what_was_done_and_how_it_is_typed() -> None:
    entry = Board()
    entry.take(look(running=(numbered(0x3F2A91BC),)))
    lines = plain(
        footer(Notice("It goes on.", can_undo=True), "sdjobs jobs resume 3f2a91bc", keys_of(entry.chosen), sheet())
    )
    assert lines == [
        "It goes on. (u takes it back)",
        "$ sdjobs jobs resume 3f2a91bc",
        "Enter Open  p Pause  c Cancel  X Stop at once  / Find  ? Help  q Quit",
    ]
    assert look_at(entry.chosen) == ("jobs", "show", "3f2a91bc")


@pytest.mark.parametrize("width", WIDTHS)
def test_help_and_the_way_out_are_never_left_out(width: int) -> None:
    keys = [("Enter", "Open"), ("p", "Pause"), ("?", "Help"), ("q", "Quit")]
    line = keys_line(keys, sheet(width)).plain
    assert line == "? Help  q Quit"[:width] or line.endswith("? Help  q Quit")


def test_a_job_of_its_own() -> None:
    info = numbered(1, view=HALF, kind="file_copy", arguments=TRANSFER, metrics=JobMetrics(items_error=2))
    one = JobLook(info=info, attended=True, questions=asked().questions, rows=(Row("a", "", "b"), Row("")), more=False)
    head = plain(job_header(one, JobWindow(), sheet()))
    assert len(head) == HEIGHT
    assert head[0].startswith("Copy /photos to /backup")
    assert head[1] == "Running for 24 s: 2 items failed"
    assert plain(job_lines(one, JobWindow(), sheet())) == ["a", "        b", ""]
    assert ("a", "Answer") in screen_keys(one, JobWindow())
    assert ("e", "Only what failed") in screen_keys(one, JobWindow(Part.ITEMS))
    assert plain(
        job_lines(JobLook(info=info, attended=True, questions=(), rows=(), more=False), JobWindow(Part.LOG), sheet())
    ) == ["It has logged nothing."]
