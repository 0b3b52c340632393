"""What docs/spec-map.md names exists, and so does the test that it gives for each row."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "spec-map.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+) \| (.+) \| \[[^\]]+\]\((\S+)#(\w+)\) \|$", PAGE, re.MULTILINE)
NAMES = sorted(set(re.findall(r"`(spacedrive_\w+(?:\.\w+)+)`", PAGE)) - {"spacedrive_jobs.jobs"})


def resolve(name: str) -> object:
    package, *attributes = name.split(".")
    found: object = importlib.import_module(package)
    for attribute in attributes:
        if not hasattr(found, attribute):
            return importlib.import_module(f"{package}.{attribute}")
        found = getattr(found, attribute)
    return found


def test_no_row_is_empty() -> None:
    tables = PAGE.partition("## The design's own jobs")[0]
    lines = [line for line in tables.splitlines() if line.startswith("| ") and not line.startswith("| in the design")]
    assert len(lines) == len(ROWS) > 45


@pytest.mark.parametrize("name", NAMES)
def test_what_it_names_exists(name: str) -> None:
    resolve(name)


@pytest.mark.parametrize(("file", "test"), sorted({(row[2], row[3]) for row in ROWS}))
def test_what_shows_it_exists(file: str, test: str) -> None:
    text = (DOCS / file).read_text(encoding="utf-8")
    assert f"def {test}(" in text or f"{test} =" in text
