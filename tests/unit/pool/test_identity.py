"""Which process a number means."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedrive_jobs._pool.identity import (
    group_members,
    holders_of,
    is_alive,
    is_same_process,
    kill_recorded_group,
    signal_group,
    start_time,
)

pytestmark = pytest.mark.timeout(10)

READY = "print(flush=True); input()"


@pytest.fixture
def leader() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", READY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_this_process() -> None:
    started = start_time(os.getpid())
    assert started is not None
    assert is_same_process(os.getpid(), started)
    assert is_alive(os.getpid(), started)
    assert not is_same_process(os.getpid(), started + 1)
    assert not is_alive(os.getpid(), started + 1)


def test_a_name_with_brackets_and_spaces(tmp_path: Path) -> None:
    """The name is in /proc/PID/stat as it is."""
    program = tmp_path / "a) S (b"
    program.symlink_to("/bin/cat")
    started: list[int] = []
    for command in ("cat", program, "cat"):
        with subprocess.Popen([command], stdin=subprocess.PIPE) as process:
            started.append(start_time(process.pid) or 0)
            process.communicate()
    assert started == sorted(started)
    assert started[2] - started[0] < 1_000


def test_a_zombie_is_there_but_not_alive(leader: subprocess.Popen[bytes]) -> None:
    started = start_time(leader.pid)
    assert started is not None
    leader.kill()
    os.waitid(os.P_PID, leader.pid, os.WEXITED | os.WNOWAIT)
    assert is_same_process(leader.pid, started)
    assert not is_alive(leader.pid, started)
    assert group_members(leader.pid) == []


def test_nobody() -> None:
    assert start_time(2**22 + 1) is None


class TestKillRecordedGroup:
    def test_the_right_one(self, leader: subprocess.Popen[bytes]) -> None:
        started = start_time(leader.pid)
        assert started is not None
        assert group_members(leader.pid) == [leader.pid]
        assert kill_recorded_group(leader.pid, started)
        assert leader.wait() == -signal.SIGKILL

    def test_another_with_the_same_number_is_left_alone(self, leader: subprocess.Popen[bytes]) -> None:
        started = start_time(leader.pid)
        assert started is not None
        assert not kill_recorded_group(leader.pid, started - 1)
        assert is_alive(leader.pid, started)

    def test_one_that_leads_no_group_is_left_alone(self) -> None:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            started = start_time(process.pid)
            assert started is not None
            assert not kill_recorded_group(process.pid, started)
            assert is_alive(process.pid, started)
            process.communicate(b"\n")

    def test_nobody(self) -> None:
        assert not kill_recorded_group(2**22 + 1, 1)

    @pytest.mark.parametrize("group", [1, 0, -1])
    def test_everybody_is_never_meant(self, group: int) -> None:
        with pytest.raises(ValueError, match="no group of ours"):
            signal_group(group, signal.SIGTERM)


def test_who_holds_a_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    facts = path.stat()
    assert holders_of(facts.st_dev, facts.st_ino) == []
    with path.open() as held:
        with subprocess.Popen(
            [sys.executable, "-c", READY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(held.fileno(),)
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            assert sorted(holders_of(facts.st_dev, facts.st_ino)) == sorted([os.getpid(), process.pid])
            process.communicate(b"\n")
