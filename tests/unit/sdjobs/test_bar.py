"""The two lines of the bar. `Text.plain` is what stands on the screen, `cell_len` how wide it is there."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from sdjobs.views.bar import ASCII, UNICODE, Bar, end_of, first_line, second_line
from sdjobs.views.snapshot import Snapshot
from spacedrive_jobs import JobStatus, ProgressView
from tests.unit.sdjobs.records import JOB

VIEW = ProgressView(
    fraction=0.62,
    phase="copying",
    current_path="/photos/2021/summer/holiday/IMG_2031.jpg",
    items_done=12_340,
    items_total=20_001,
    bytes_done=1_240_000_000,
    bytes_total=2_000_000_000,
    bytes_per_second=84_100_000,
    eta=9.0,
)
RUNNING = Snapshot(job=JOB, title="Copy /photos to /backup", status=JobStatus.RUNNING, view=VIEW)


def numbers(width: int, snapshot: Snapshot = RUNNING) -> str:
    return first_line(snapshot, ASCII, width, 0.0).plain


def drawn(snapshot: Snapshot, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=True, color_system=None).print(Bar(snapshot, UNICODE, 3.7))
    return stream.getvalue().splitlines()


def test_at_80_columns_all_numbers_are_there() -> None:
    line = numbers(79)
    assert line.endswith("   62 %  1.2 of 2.0 GB   84.1 MB/s   0:09 left")
    bar = line.split(" ", 1)[0]
    assert len(line) == 79
    assert bar.count("#") == int(0.62 * len(bar))


@pytest.mark.parametrize(
    ("width", "there", "left_out"),
    [(60, ["62 %", "2.0 GB", "0:09"], ["MB/s"]), (48, ["62 %", "0:09"], ["GB"]), (28, ["62 %"], ["0:09"])],
)
def test_where_it_gets_narrow_the_least_wanted_goes_first(width: int, there: list[str], left_out: list[str]) -> None:
    line = numbers(width)
    assert all(part in line for part in there)
    assert not any(part in line for part in left_out)
    assert "#" in line


def test_the_bar_keeps_its_length_while_the_numbers_change() -> None:
    early = replace(VIEW, fraction=0.01, bytes_done=900, bytes_per_second=None, eta=None)
    lengths = {len(numbers(79, replace(RUNNING, view=view)).split(" ", 1)[0]) for view in (VIEW, early)}
    assert len(lengths) == 1


@pytest.mark.parametrize("width", [1, 5, 20, 40, 80, 120, 300])
@pytest.mark.parametrize(
    "path", ["/a", "/" + "x" * 400, "/" + "写" * 300, "/" + "👨\u200d👩\u200d👧" * 40, "\x1b[2J" * 50]
)
@pytest.mark.parametrize("fraction", [None, 0.0, 0.5, 1.0])
def test_no_line_ever_reaches_the_last_column(width: int, path: str, fraction: float | None) -> None:
    snapshot = replace(RUNNING, view=replace(VIEW, current_path=path, fraction=fraction))
    for make in (first_line(snapshot, UNICODE, width, 1.0), second_line(snapshot, UNICODE, width)):
        assert make.plain.isprintable()
    lines = drawn(snapshot, width)
    assert len(lines) == 2
    assert all(Console().render_str(line).cell_len <= max(width - 1, 1) for line in lines)


def test_the_end_of_the_path_is_what_is_shown() -> None:
    line = second_line(RUNNING, UNICODE, 60).plain
    assert line.startswith("copying · 12,340 of 20,001 items · …")
    assert line.endswith("IMG_2031.jpg")
    assert len(line) == 60


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 4, "…def"),
        ("写写写", 5, "…写写"),
        ("写写写", 4, "…写"),
        ("abcdef", 1, ""),
        ("abc", 0, ""),
    ],
)
def test_end_of(text: str, width: int, shown: str) -> None:
    assert end_of(text, width, "…") == shown


def test_a_terminal_without_unicode_gets_ascii_alone() -> None:
    snapshot = replace(RUNNING, view=replace(VIEW, current_path="/x" * 200))
    assert first_line(snapshot, ASCII, 79, 0.0).plain.isascii()
    assert second_line(snapshot, ASCII, 79).plain.isascii()


def test_an_unknown_end_shows_a_piece_that_moves() -> None:
    snapshot = replace(RUNNING, view=ProgressView(phase="scanning", items_done=5))
    early, late = (first_line(snapshot, ASCII, 60, moment).plain for moment in (0.0, 1.0))
    assert early != late
    assert "%" not in early


def test_a_waiting_job_says_why() -> None:
    snapshot = replace(RUNNING, status=JobStatus.QUEUED, reason="the worker was shut down")
    assert second_line(snapshot, UNICODE, 79).plain.startswith("queued: the worker was shut down")


def test_a_note_for_the_person_takes_the_second_line() -> None:
    assert second_line(replace(RUNNING, note="Pausing at the next safe point."), UNICODE, 79).plain.startswith(
        "Pausing"
    )
