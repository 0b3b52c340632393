"""A library that may not be written: said in a sentence with what to do, and never called damaged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import Cli
from tests.mounts import Mounts, run

LOOKS = (["search", "a"], ["largest"], ["jobs", "list"], ["stats"], ["queue", "show"])

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def locked(cli: Cli) -> Iterator[Cli]:
    """A library with both databases, and not even its owner may write into it."""
    (cli.folder / "photos").mkdir()
    assert cli.run("index", str(cli.folder / "photos")).returncode == 0
    databases = [cli.library / "jobs.db", cli.library / "library.db"]
    for path in databases:
        path.chmod(0o444)
    cli.library.chmod(0o555)
    yield cli
    cli.library.chmod(0o755)


def said(cli: Cli, without_dac: list[str], *words: str) -> tuple[int, str]:
    started = cli.start(*words, prefix=tuple(without_dac))
    return started.ends(), started.out + started.err


@pytest.mark.needs("drop_capabilities")
def test_what_may_not_be_written_is_not_damaged(locked: Cli, without_dac: list[str]) -> None:
    code, text = said(locked, without_dac, "doctor", "--fix")
    assert code == 1
    assert f"You may not read and write {locked.library}" in text
    assert "chmod -R u+rwX" in text
    assert "jobs.db is whole." in text
    assert "damaged" not in text


@pytest.mark.needs("drop_capabilities")
def test_what_may_not_be_read_is_not_damaged(locked: Cli, without_dac: list[str]) -> None:
    (locked.library / "jobs.db").chmod(0)
    code, text = said(locked, without_dac, "doctor", "--fix")
    assert code == 1
    assert "jobs.db could not be looked at: unable to open database file." in text
    assert "damaged" not in text
    assert "move it aside" not in text


@pytest.mark.needs("drop_capabilities")
def test_what_is_in_a_wal_alone_is_not_judged_without_it(locked: Cli, without_dac: list[str]) -> None:
    """The file alone, read as one that does not change, would be an older library than it is."""
    (locked.library / "jobs.db-wal").write_bytes(b"what another process has committed")
    code, text = said(locked, without_dac, "doctor")
    assert code == 1
    assert "jobs.db could not be looked at" in text
    assert "damaged" not in text


@pytest.mark.needs("drop_capabilities")
@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_looking_takes_writing_and_says_so(locked: Cli, without_dac: list[str], words: list[str]) -> None:
    code, text = said(locked, without_dac, *words)
    assert code == 1
    assert f"Error: The library {locked.library} cannot be used: some of it may not be written here" in text
    assert "sdjobs doctor tells which files, and what to do." in text
    assert not (locked.library / "logs" / "sdjobs.log").exists(), "nothing unexpected"


@pytest.mark.needs("drop_capabilities")
def test_an_index_that_may_not_be_written(locked: Cli, without_dac: list[str]) -> None:
    """The jobs may: so the library opens, and only what needs the index does not go."""
    locked.library.chmod(0o755)
    (locked.library / "jobs.db").chmod(0o644)
    code, text = said(locked, without_dac, "largest")
    assert code == 1
    assert "some of it may not be written here" in text


@pytest.mark.needs("mount")
def test_a_disk_that_is_mounted_read_only(cli: Cli, mounts: Mounts) -> None:
    disk = mounts.tmpfs(size_mib=32)
    library = disk.path / "library"
    cli.environment["SDJOBS_LIBRARY"] = os.fspath(library)
    assert cli.run("init").returncode == 0
    run("mount", "-o", "remount,ro", str(disk.path))
    done = cli.run("doctor")
    assert done.returncode == 1
    assert f"The disk of {library} is mounted read-only." in done.stdout
    assert "jobs.db is whole." in done.stdout
    assert "chown" not in done.stdout
    assert "damaged" not in done.stdout
    listed = cli.run("jobs", "list")
    assert listed.returncode == 1
    assert "some of it may not be written here" in listed.stderr


@pytest.mark.needs("drop_capabilities")
def test_a_folder_of_it_that_may_not_be_written(cli: Cli, without_dac: list[str]) -> None:
    run_folder: Path = cli.library / "run"
    run_folder.chmod(0o555)
    code, text = said(cli, without_dac, "jobs", "list")
    run_folder.chmod(0o755)
    assert code == 1
    assert "some of it may not be written here" in text
