"""Disks that never answer hold up neither the page nor the end of the process."""

from __future__ import annotations

import threading

import pytest

from sdjobs.web.disk_threads import MOST, DiskThreads


async def test_a_disk_that_does_not_answer() -> None:
    threads, answers = DiskThreads(), threading.Event()
    for _ in range(MOST):
        with pytest.raises(TimeoutError):
            await threads.ask(answers.wait, patience=0.01)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "page-disk")
    with pytest.raises(TimeoutError):  # at once: there is no thread left to hang
        await threads.ask(lambda: 1, patience=60)
    answers.set()
    for thread in threading.enumerate():
        if thread.name == "page-disk":
            thread.join()
    assert await threads.ask(lambda: 1) == 1


async def test_what_is_raised_belongs_to_the_caller() -> None:
    def absent() -> None:
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError, match="gone"):
        await DiskThreads().ask(absent)
