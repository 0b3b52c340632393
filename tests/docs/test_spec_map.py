"""What docs/spec-map.md says is there now, is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "spec-map.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| .+ \| (.+) \| (now|later) \|$", PAGE, re.MULTILINE)
NAMES = [name for here, when in ROWS if when == "now" for name in re.findall(r"`((?:spacedrive_\w+)(?:\.\w+)+)`", here)]


def resolve(name: str) -> object:
    package, *attributes = name.split(".")
    found: object = importlib.import_module(package)
    for attribute in attributes:
        if not hasattr(found, attribute):
            return importlib.import_module(f"{package}.{attribute}")
        found = getattr(found, attribute)
    return found


def test_the_tables_are_read() -> None:
    assert len(ROWS) > 40
    assert len(NAMES) > 25


@pytest.mark.parametrize("name", [name for name in NAMES if name != "spacedrive_jobs.jobs"])
def test_what_is_there_now_exists(name: str) -> None:
    resolve(name)
