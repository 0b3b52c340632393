"""What people and programs do to a library while pages show it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from spacedrive_jobs import (
    After,
    Before,
    BlockingJobHandle,
    BlockingLibrary,
    JobFilter,
    JobGone,
    JobId,
    JobNotFound,
    JobStatus,
    TransitionRefused,
)
from tests.acceptance.page import page_jobs

UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class Deeds:
    """From any thread, one at a time."""

    def __init__(self, library: BlockingLibrary, dice: random.Random, folder: Path) -> None:
        self._jobs, self._dice, self._folder = library.jobs, dice, folder
        self._numbers = itertools.count()
        self._gates: list[Path] = []
        self._many: list[JobId] = []

    def some(self) -> None:
        self._dispatch()
        ways: list[Callable[[], None]] = [self._dispatch, self._open_a_gate, self._ask, self._ask, self._again]
        ways += [self.put_one_first, self._put_some_elsewhere, self._turn_the_queue]
        for way in self._dice.choices(ways, k=4):
            with suppress(JobGone, JobNotFound, TransitionRefused):  # it ended meanwhile, or was deleted
                way()

    def some_job(self) -> str:
        """One that has not ended, or one of the newest."""
        return str(self._dice.choice([*self._of(UNFINISHED), *self._of(ENDED)[:20]]))

    def delete_some(self) -> None:
        """From anywhere in the history."""
        ended = self._of(ENDED)
        if len(ended) > 10:
            start = self._dice.randrange(len(ended) - 5)
            self._jobs.clear(JobFilter(ids=ended[start : start + self._dice.randint(1, 5)]))

    def delete_the_newest(self) -> None:
        self._jobs.clear(JobFilter(ids=self._of(ENDED)[:10]))

    def very_many(self, jobs: int) -> None:
        """Jobs that are cancelled where they have not ended before: two or three changes for each. They stay until this
        is done again: a change that is deleted is a hole, which streams take in another way than a long way behind."""
        self._jobs.clear(JobFilter(ids=self._many))
        made = self._jobs.dispatch_many([page_jobs.quick.new(number) for number in range(jobs)], priority=-1)
        self._many = [handle.id for handle in made]
        self._jobs.cancel_all(JobFilter(ids=self._many))

    def _put_some_elsewhere(self) -> None:
        waiting = self._of((JobStatus.QUEUED,))
        if len(waiting) > 3:
            *some, beside = self._dice.sample(waiting, 3)
            self._jobs.place(some, self._dice.choice((Before(beside), After(beside), "first", "last")))

    def put_one_first(self) -> None:
        handle = self._some_handle(JobStatus.QUEUED)
        if handle is not None:
            handle.put_first()

    def _of(self, statuses: tuple[JobStatus, ...]) -> list[JobId]:
        return [job.id for job in self._jobs.list(statuses=statuses, limit=1_000).rows]

    def _some_handle(self, *statuses: JobStatus) -> BlockingJobHandle[object] | None:
        found = self._of(statuses)
        return self._jobs.handle_of(self._dice.choice(found)) if found else None

    def _dispatch(self) -> None:
        for _ in range(self._dice.randint(1, 4)):
            number = next(self._numbers)
            kind = self._dice.choice(("quick", "quick", "fails", "waits"))
            if kind == "quick":
                self._jobs.dispatch(page_jobs.quick.new(number))
            elif kind == "fails":
                self._jobs.dispatch(page_jobs.fails.new((self._folder,), self._folder, f"number {number}"))
            else:
                self._gates.append(self._folder / f"gate-{number}")
                self._jobs.dispatch(page_jobs.Waits(gate=self._gates[-1], number=number))

    def _open_a_gate(self) -> None:
        """The oldest, whose job may run: it ends."""
        gates = [gate for gate in self._gates if not gate.exists()]
        if gates:
            gates[0].touch()

    def _ask(self) -> None:
        handle = self._some_handle(*UNFINISHED)
        if handle is not None:
            self._dice.choice((handle.pause, handle.resume, handle.resume, handle.cancel))()

    def _again(self) -> None:
        handle = self._some_handle(JobStatus.FAILED, JobStatus.CANCELLED)
        if handle is not None:
            handle.retry()

    def _turn_the_queue(self) -> None:
        if self._jobs.paused_queues():
            self._jobs.resume_queue(None)
        else:
            self._jobs.pause_queue(None, reason="for a moment")
