"""Fixtures for all tests; `abilities.py`, `mounts.py` and `waiting.py` beside it are what they are made of."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedrive_jobs._model import failpoint
from tests import abilities
from tests.mounts import Mounts


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            if problem := abilities.missing(name):
                (pytest.fail if abilities.require_all() else pytest.skip)(f"needs {name}: {problem}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under REQUIRE_ALL a run that left something out has failed, whatever passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not abilities.require_all() or reporter is None:
        return
    left_out = {kind: len(reporter.stats.get(kind, [])) for kind in ("skipped", "xfailed", "xpassed", "deselected")}
    if any(left_out.values()):
        listed = ", ".join(f"{count} {kind}" for kind, count in left_out.items() if count)
        reporter.write_line(f"REQUIRE_ALL is set, and this run left tests out: {listed}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_failpoint_outlives_its_test() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    failpoint.disarm_all()


@pytest.fixture
def disk_path() -> Iterator[Path]:
    """A folder of this test's own on a real disk; `tmp_path` may be in memory."""
    path = Path(tempfile.mkdtemp(prefix="sdjobs-test-", dir=abilities.disk_root()))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def mounts(disk_path: Path) -> Iterator[Mounts]:
    """Makes file systems of the test's own: `mounts.tmpfs(size_mib=8)`, `mounts.disk("ext4")`.

    Mark the test with what it mounts: `@pytest.mark.needs("mount")` for tmpfs, `needs("ext4")`, `needs("xfs")`, ...
    """
    if problem := abilities.missing("mount"):  # nothing here can be mounted without, whatever the test forgot to say
        (pytest.fail if abilities.require_all() else pytest.skip)(f"needs mount: {problem}")
    with Mounts(disk_path / "mounts") as mounts:
        yield mounts


@pytest.fixture
def without_dac() -> list[str]:
    """Put before a command, it makes unreadable files unreadable for root too. Mark: `needs("drop_capabilities")`."""
    return abilities.without_dac_prefix()
