"""Disks that never answer hold up neither the page nor the end of the process."""

from __future__ import annotations

import asyncio
import threading

import pytest

from sdjobs.web.disk_threads import MOST, DiskThreads
from tests.waiting import aeventually


async def test_a_disk_that_does_not_answer() -> None:
    threads, answers = DiskThreads(), threading.Event()
    for _ in range(MOST):
        with pytest.raises(TimeoutError):
            await threads.ask(answers.wait, patience=0.01)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "page-disk")
    with pytest.raises(TimeoutError):  # there is no thread left to hang
        await threads.ask(lambda: 1, patience=0.01)
    answers.set()
    for thread in threading.enumerate():
        if thread.name == "page-disk":
            thread.join()
    assert await threads.ask(lambda: 1) == 1


async def test_more_than_there_are_threads_wait_for_their_turn() -> None:
    """A disk that answers is not said to be silent because many ask at once."""
    threads, answers = DiskThreads(), threading.Event()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(threads.ask(answers.wait)) for _ in range(3 * MOST)]
        await aeventually(lambda: asyncio.sleep(0, _threads() == MOST), what="the threads")
        answers.set()
    assert [one.result() for one in asked] == [True] * (3 * MOST)


def _threads() -> int:
    return sum(thread.name == "page-disk" for thread in threading.enumerate())


async def test_what_is_raised_belongs_to_the_caller() -> None:
    def absent() -> None:
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError, match="gone"):
        await DiskThreads().ask(absent)
