"""What an installed distribution holds, and what the pinned requirements say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "requirements").glob("*.txt"))}


def wanted(requirements: list[object]) -> set[str]:
    """The names in a list of requirements, without versions and extras."""
    return {re.split(r"[\[<>=~! ;]", line)[0].lower() for line in requirements if isinstance(line, str)}


@pytest.mark.parametrize("name", PINS)
def test_pins_have_hashes_and_no_address(name: str) -> None:
    text = PINS[name]
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)
    for pin in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+==\S+", pin), pin
        assert "--hash=sha256:" in pin, pin


def test_both_pin_the_same_versions() -> None:
    run, dev = (dict(re.findall(r"^([\w.-]+)==(\S+)", PINS[name], re.MULTILINE)) for name in ("run.txt", "dev.txt"))
    assert run.items() <= dev.items()


def test_all_that_is_wanted_is_pinned() -> None:
    project = PROJECT["project"]
    pinned = set(re.findall(r"^([\w.-]+)==", PINS["run.txt"], re.MULTILINE))
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    assert wanted([*project["dependencies"], *extras]) - {"spacedrive-jobs"} <= pinned
    groups = [line for lines in PROJECT["dependency-groups"].values() for line in lines]
    assert wanted(groups) <= set(re.findall(r"^([\w.-]+)==", PINS["dev.txt"], re.MULTILINE))


def test_the_core_stays_small() -> None:
    assert len(PROJECT["project"]["dependencies"]) <= 6


def test_the_file_jobs_are_found_by_their_entry_point() -> None:
    assert {entry.value for entry in entry_points(group="spacedrive_jobs.jobs")} >= {"spacedrive_ops"}


def test_a_wheel_holds_the_three_packages_with_types_and_sql(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("spacedrive_jobs", "spacedrive_ops", "sdjobs"):
        assert {f"{package}/__init__.py", f"{package}/py.typed"} <= names
    sources = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.sql")}
    assert sources
    assert sources <= names
    assert not [name for name in names if name.split("/")[0] == "tests"]
