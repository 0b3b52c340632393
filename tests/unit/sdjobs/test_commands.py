"""Parts of single commands that need no process."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from sdjobs import signals
from sdjobs.commands.filter_options import parse_since
from sdjobs.commands.jobs_logs import added
from sdjobs.commands.options import parse_priority
from sdjobs.commands.run import imports_in
from sdjobs.commands.transfer import check
from sdjobs.faults import Refusal
from sdjobs.views.table import Cell, Column, plain_lines
from spacedrive_jobs import LogLine
from tests.unit.sdjobs.records import NOW, THEN


def lines(*numbers: int) -> list[LogLine]:
    return [LogLine(THEN + timedelta(seconds=number), 1, f"line {number}") for number in numbers]


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ([], [1, 2], [1, 2]),
        ([1, 2], [1, 2], []),
        ([1, 2], [1, 2, 3], [3]),
        ([1, 2, 3], [2, 3, 4], [4]),
        ([1, 2, 3], [7, 8], [7, 8]),
        ([1, 1], [1, 1, 1], [1]),
        ([1, 2], [], []),
    ],
)
def test_the_lines_that_are_new(before: list[int], now: list[int], new: list[int]) -> None:
    assert added(lines(*before), lines(*now)) == lines(*new)


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        (["--import", "a", "--to", "1", "--import=b"], ["a", "b"]),
        (["--import"], []),
        (["--to", "1", "--", "--import", "a"], []),
    ],
)
def test_imports_are_seen_before_the_kind_is_looked_up(words: list[str], modules: list[str]) -> None:
    assert imports_in(words) == modules


@pytest.mark.parametrize(("text", "level"), [("high", 10), ("Critical", 20), ("-7", -7), ("0", 0)])
def test_priorities(text: str, level: int) -> None:
    assert parse_priority(text) == level


def test_a_time_so_long_ago_or_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdjobs.clock.now", lambda: NOW)
    assert parse_since("7d") == NOW - timedelta(days=7)
    assert parse_since("1d12h") == NOW - timedelta(hours=36)
    assert parse_since("2026-11-25T12:00:00.000Z") == THEN
    assert parse_since("2026-11-25T14:00:24+02:00") == NOW


def test_a_table_in_a_pipe_is_aligned_and_nothing_is_cut() -> None:
    columns = (Column("ID"), Column("N", right=True), Column("WHY"))
    rows = [(Cell("a"), Cell("1"), Cell("x" * 300)), (Cell("bbb"), Cell("22"), Cell("new\nline"))]
    assert plain_lines(columns, rows) == ["ID    N  WHY", "a     1  " + "x" * 300, "bbb  22  new\\nline"]


@pytest.mark.parametrize("source", ["", ".", "..", "./", "folder/.", "folder/../", "missing", "file/", "link/"])
def test_sources_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    with pytest.raises(Refusal):
        check((source,), "folder")
    check(("file", "folder/", "link", "/"), "folder")


async def test_signals_are_counted_and_the_handlers_come_back() -> None:
    got: list[signal.Signals] = []
    before = signal.getsignal(signal.SIGINT)
    with signals.listening(got.append):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert got == [signal.SIGINT, signal.SIGTERM]
    assert signal.getsignal(signal.SIGINT) is before


async def test_what_the_caller_ignores_stays_ignored() -> None:
    got: list[signal.Signals] = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.listening(got.append):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
        assert got == []
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_when_patience_ends_the_process_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []
    monkeypatch.setattr(signals, "leave_at_once", lambda _: left.append("left"))
    with signals.listening(lambda _: None, patience=2) as listening:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        assert left == []
        os.kill(os.getpid(), signal.SIGINT)
        assert left == ["left"]
        listening.no_more_patience()
