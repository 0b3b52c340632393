"""`sdjobs export`: all of it, record by record, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from sdjobs.views.csv_lines import cell, harmless
from spacedrive_jobs import JobContext, Library, job
from tests.acceptance.cli.conftest import SAMPLES, Cli

pytestmark = pytest.mark.timeout(60)
HOSTILE = [b"=cmd|' /C calc'!A0", b"+1", b"-2+3", b"@SUM(A1)", b"\t=1", b" =1", b'a,b;"c"\nd', b"\xff\xfe", b"plain"]


@job(name="export.items")
async def with_items(ctx: JobContext, note: str) -> str:
    for name in HOSTILE:
        ctx.item(name, "error", note)
    ctx.increment_bytes(5)
    return note


async def filled(library: Path) -> None:
    async with Library.open(library, create=True) as opened:
        await (await opened.jobs.dispatch(with_items.new('=HYPERLINK("http://evil")'))).wait()
    async with Library.open(library, runs="none") as opened:
        await opened.jobs.dispatch(with_items.new("waits"))


def table(text: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert all(None not in row and None not in row.values() for row in rows), "as many cells as columns"
    return rows


async def test_json_has_everything_exactly(cli: Cli) -> None:
    await filled(cli.library)
    items = [json.loads(line) for line in cli.run("export", "items").stdout.splitlines()]
    assert [item["item"] for item in items] == [
        name.decode() if name != b"\xff\xfe" else {"bytes": "//4="} for name in HOSTILE
    ]
    (ended,) = [json.loads(line) for line in cli.run("export").stdout.splitlines()]
    assert (ended["status"], ended["output"]) == ("completed", '=HYPERLINK("http://evil")')
    (waits,) = [json.loads(line) for line in cli.run("export", "jobs", "--json").stdout.splitlines()]
    assert (waits["status"], waits["arguments"]) == ("queued", {"note": "waits"})
    (hour,) = [json.loads(line) for line in cli.run("export", "statistics").stdout.splitlines()]
    assert (hour["kind"], hour["completed"], hour["bytes"]) == ("export.items", 1, 5)
    assert cli.run("export", "--kind", "another").stdout == ""


async def test_tables_hold_nothing_that_a_spreadsheet_would_run(cli: Cli) -> None:
    await filled(cli.library)
    for what in ("jobs", "history", "items", "statistics"):
        done = cli.run("export", what, "--format", "csv")
        assert done.returncode == 0
        rows = table(done.stdout)
        assert rows, what
        columns = next(csv.reader(io.StringIO(done.stdout)))
        assert len(set(columns)) == len(columns), "each column once"
        for value in (value for row in rows for value in row.values()):
            assert value.lstrip()[:1] not in ("=", "+", "-", "@"), value
            assert value.isprintable(), value
    items = table(cli.run("export", "items", "--format", "csv").stdout)
    assert [item["item"] for item in items][-3:] == ['a,b;"c"\\nd', "\\xff\\xfe", "plain"]
    (ended,) = table(cli.run("export", "--format", "csv").stdout)
    assert (ended["bytes_processed"], ended["items_error"], ended["errors"]) == ("5", "9", "0")


def test_two_formats_at_once_are_refused(cli: Cli) -> None:
    assert cli.run("init").returncode == 0
    assert cli.run("export", "--format", "csv", "--json").returncode == 2


def test_a_reader_that_has_enough_ends_it(cli: Cli) -> None:
    for _ in range(2):
        assert cli.run("--import", SAMPLES, "run", "example.steps", "--total", "1").returncode == 0
    done = cli.run("export")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", " =1", "\uff1d1", "=", "-"])
def test_formulas_become_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "a=1", "2-1", "'=1", "photo.jpg"])
def test_other_texts_stay(text: str) -> None:
    assert harmless(text) == text


def test_cells_by_type() -> None:
    assert [cell(value) for value in (None, True, -5, 1.5, "x", {"a": [1]}, "\x1b[2J")] == [
        "", "true", -5, 1.5, "x", '{"a": [1]}', "\\x1b[2J",
    ]  # fmt: skip
