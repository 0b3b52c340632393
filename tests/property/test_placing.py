"""The order of what waits against a plain list; numbers stand so close here that room runs out again and again."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacedrive_jobs import After, Before, JobStatus
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.placement import Placement
from spacedrive_jobs._model.transition import NewJob
from spacedrive_jobs._store import line, placing, queue
from spacedrive_jobs._store import tx as store_tx
from spacedrive_jobs._store.connection import connect
from spacedrive_jobs._store.tx import Tx
from tests.property.machine import template

pytestmark = pytest.mark.timeout(120)

PRIORITIES = (0, 0, 0, 7)
Where: TypeAlias = Literal["before", "after", "first", "last"]

numbers = st.integers(0, 9)
moves = st.tuples(
    st.lists(numbers, min_size=1, max_size=4), st.sampled_from(["before", "after", "first", "last"]), numbers
)
steps = st.lists(st.one_of(moves, st.just("new"), st.just("claim")), min_size=5, max_size=60)


class Line:
    """The store, and lists of the same: one for each priority."""

    def __init__(self, folder: Path) -> None:
        shutil.copyfile(template(), folder / "jobs.db")
        self.connection = connect(folder / "jobs.db", durability="normal")
        self.lists: dict[int, list[JobId]] = {7: [], 0: []}
        self.count = 0

    @property
    def all(self) -> list[JobId]:
        return [job for jobs in self.lists.values() for job in jobs]

    def tx(self) -> Tx:
        self.connection.execute("BEGIN IMMEDIATE")
        return Tx(self.connection)

    def commit(self, tx: Tx) -> None:
        tx.finish()
        self.connection.execute("COMMIT")

    def new(self) -> None:
        self.count += 1
        id_, priority = self.count.to_bytes(16), PRIORITIES[self.count % len(PRIORITIES)]
        tx = self.tx()
        queue.enqueue(tx, [NewJob(id_, "k", 1, b"", True, priority, 0)])
        self.commit(tx)
        self.lists[priority].append(JobId.from_bytes(id_))

    def claim(self) -> None:
        tx = self.tx()
        claimed = queue.claim(tx, RunnerId(b"r" * 16), 0, {"k": (1, 1)}, 1, suspects=False)
        self.commit(tx)
        assert [one.claim.job for one in claimed] == self.all[:1]
        if claimed:
            next(jobs for jobs in self.lists.values() if jobs).pop(0)

    def move(self, chosen: list[int], how: Where, beside: int) -> None:
        if not self.all:
            return
        jobs = list(dict.fromkeys(self.all[number % len(self.all)] for number in chosen))
        anchor = self.all[beside % len(self.all)]
        if how in ("before", "after") and anchor in jobs:
            return
        self._place(jobs, how, anchor)
        if how in ("first", "last"):
            for mine in self.lists.values():
                these = [job for job in jobs if job in mine]
                rest = [job for job in mine if job not in these]
                mine[:] = [*these, *rest] if how == "first" else [*rest, *these]
            return
        for mine in self.lists.values():
            mine[:] = [job for job in mine if job not in jobs]
        target = next(mine for mine in self.lists.values() if anchor in mine)
        at = target.index(anchor) + (how == "after")
        target[at:at] = jobs

    def _place(self, jobs: list[JobId], how: Where, anchor: JobId) -> None:
        where: Placement
        match how:
            case "before":
                where = Before(anchor)
            case "after":
                where = After(anchor)
            case _:
                where = how
        tx = self.tx()
        placing.place(tx, jobs, where, 0)
        self.commit(tx)

    def check(self) -> None:
        rows = line.waiting_jobs(self.connection, [JobStatus.QUEUED], None, 1_000, None).rows
        assert [row.id for row in rows] == self.all


@pytest.mark.parametrize(("stride", "window"), [(4, 2), (1 << 20, 32)])
def test_the_line_is_as_a_list_would_be(monkeypatch: pytest.MonkeyPatch, stride: int, window: int) -> None:
    monkeypatch.setattr(store_tx, "STRIDE", stride)
    monkeypatch.setattr(placing, "WINDOW", window)

    @settings(max_examples=250, deadline=None, derandomize=True)
    @given(steps)
    def story(chosen: list[object]) -> None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # the disk is not what is tested here
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            both = Line(Path(folder))
            for _ in range(6):
                both.new()
            for step in chosen:
                match step:
                    case "new":
                        both.new()
                    case "claim":
                        both.claim()
                    case (list(jobs), "before" | "after" | "first" | "last" as how, int(beside)):
                        both.move(jobs, how, beside)
                    case _:
                        raise AssertionError(step)
                both.check()
            while both.all:
                both.claim()
            both.connection.close()

    story()
