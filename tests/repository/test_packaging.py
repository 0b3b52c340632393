"""What an installed distribution holds, and what the pinned requirements say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import spacedrive_ops

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
    assert {entry.value for entry in entry_points(group="spacedrive_jobs.jobs")} >= {"spacedrive_ops.jobs"}


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


def test_each_public_name_of_the_file_jobs_is_where_the_lazy_package_looks_for_it() -> None:
    source = (ROOT / "src" / "spacedrive_ops" / "__init__.py").read_text("utf-8")
    for_checkers = {
        alias.name: node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spacedrive_ops.")
        for alias in node.names
    }
    assert set(for_checkers) <= set(dir(spacedrive_ops))
    for name, module in for_checkers.items():
        assert module is not None
        assert getattr(spacedrive_ops, name) is getattr(import_module(module), name)
    with pytest.raises(AttributeError, match="no attribute 'NoSuchJob'"):
        spacedrive_ops.NoSuchJob  # noqa: B018


def test_a_process_that_decodes_loads_no_engine() -> None:
    """A pool of them is started for every run."""
    for module in ("thumbnails.render", "media_facts.read"):
        program = f"import sys, spacedrive_ops.{module}; print(*(m for m in sys.modules if 'spacedrive_jobs' in m))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ""


def test_the_process_that_walks_loads_no_job() -> None:
    """It is started for every run of the indexer."""
    program = (
        "import sys, spacedrive_ops.indexer.walker; print(*(m for m in sys.modules if m.startswith('spacedrive')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "spacedrive_jobs" not in done.stdout
    assert "spacedrive_ops.indexer.job" not in done.stdout
