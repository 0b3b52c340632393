"""Partials: made for their owner alone, taken over only with their lock, named in one step."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedrive_jobs import AttemptEnded, JobId
from spacedrive_ops.file_copy.atomic import Partials, publish
from spacedrive_ops.file_copy.plan import Decision

JOB = JobId.parse("01890000-0000-7000-8000-0123456789ab")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def held() -> None:
    """The claim still stands."""


def write(folder: int, text: bytes, partials: Partials) -> str:
    name, fd = partials.create(folder)
    os.write(fd, text)
    os.close(fd)
    return name


def test_a_partial_is_its_owners_alone_short_hidden_and_locked(folder: int, tmp_path: Path) -> None:
    name, fd = Partials(JOB.short, 3).create(folder)
    assert name == f".sd-{JOB.short}-3-1.part"
    assert stat.S_IMODE(os.fstat(fd).st_mode) == 0o600
    other = os.open(tmp_path / name, os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    os.close(fd)


def test_it_is_taken_over_only_when_its_writer_has_let_go(folder: int) -> None:
    name, fd = Partials(JOB.short, 1).create(folder)
    later = Partials(JOB.short, 2)
    assert later.adopt(folder, name) is None
    os.close(fd)
    adopted = later.adopt(folder, name)
    assert adopted is not None
    os.close(adopted)


def test_a_link_or_a_second_name_is_never_taken_over(folder: int, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    later = Partials(JOB.short, 2)
    (tmp_path / ".sd-link.part").symlink_to("precious")
    os.link(tmp_path / "precious", tmp_path / ".sd-second.part")
    (tmp_path / ".sd-folder.part").mkdir()
    for name in (".sd-link.part", ".sd-second.part", ".sd-folder.part", ".sd-missing.part"):
        assert later.adopt(folder, name) is None
    assert (tmp_path / "precious").read_text() == "precious"


def test_leftovers_of_this_job_are_swept_and_nothing_else(folder: int, tmp_path: Path) -> None:
    old, own = Partials(JOB.short, 1), Partials(JOB.short, 2)
    spare, stale, mine = write(folder, b"", old), write(folder, b"", old), write(folder, b"", own)
    foreign = write(folder, b"", Partials("ffffffff", 1))
    (tmp_path / "file").touch()
    own.sweep(folder, os.listdir(folder), spare=spare)
    assert set(os.listdir(folder)) == {spare, mine, foreign, "file"}
    assert stale not in os.listdir(folder)


@pytest.mark.parametrize(
    ("decision", "final", "there"),
    [
        (Decision.CREATE, None, "old"),
        (Decision.REPLACE, "a.txt", "new"),
        (Decision.KEEP_BOTH, "a (3).txt", "old"),
    ],
)
def test_a_name_that_is_taken(folder: int, tmp_path: Path, decision: Decision, final: str | None, there: str) -> None:
    for name in ("a.txt", "a (2).txt"):
        (tmp_path / name).write_text("old")
    partial = write(folder, b"new", Partials(JOB.short, 1))
    assert publish(folder, partial, "a.txt", decision, held) == final
    assert (tmp_path / "a.txt").read_text() == there
    assert (tmp_path / (final or partial)).read_text() == "new"


def test_without_the_claim_nothing_is_named(folder: int, tmp_path: Path) -> None:
    def lost() -> None:
        raise AttemptEnded(JOB, 1)

    (tmp_path / "a").write_text("old")
    partial = write(folder, b"new", Partials(JOB.short, 1))
    for decision in (Decision.CREATE, Decision.REPLACE, Decision.KEEP_BOTH):
        with pytest.raises(AttemptEnded):
            publish(folder, partial, "a", decision, lost)
    assert sorted(os.listdir(folder)) == sorted((partial, "a"))
    assert (tmp_path / "a").read_text() == "old"
