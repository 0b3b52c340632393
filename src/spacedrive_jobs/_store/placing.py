"""Putting waiting jobs elsewhere in line.

A place is a number, and between two neighbours there is room for others (STRIDE). Where it is used up, some of the jobs
behind are numbered anew. The more of them there are, the farther apart they must come to stand (ROOM): so many more
moves fit between them before as many are numbered again, and a move costs a few rows however many jobs wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import JobNotFound, TransitionRefused
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.placement import Before, Placement
from spacedrive_jobs._store.control import set_priority
from spacedrive_jobs._store.tx import Tx

WINDOW: Final = 32
"""Jobs that are numbered anew at first; four times as many where these stand too close to give room."""

ROOM: Final = 2
"""The least room between two jobs that were numbered anew, for each job that was."""


class Place(NamedTuple):
    """Of a waiting job among those of its priority; the id decides where two numbers are equal."""

    position: int
    id: bytes


def place(tx: Tx, jobs: Sequence[JobId], where: Placement, now: int) -> None:
    """Put waiting jobs elsewhere in line, one behind the other in the order given: all of them, or none.

    One that is put beside a job of another priority takes that priority on, as `set_priority` does. Raises
    TransitionRefused if one of them, or the one they are put beside, does not wait; JobNotFound; ValueError if a job
    is to be put beside itself.
    """
    jobs = list(dict.fromkeys(jobs))
    priorities = [_waiting(tx, job, "move")[0] for job in jobs]
    if where == "first":
        numbers = [tx.front() for _ in jobs][::-1]
    elif where == "last":
        numbers = [tx.back() for _ in jobs]
    else:
        if where.job in jobs:
            raise ValueError(f"job {where.job.short} cannot be put beside itself")
        priority, beside = _waiting(tx, where.job, "put another beside")
        for job, before in zip(jobs, priorities, strict=True):
            if before != priority:
                set_priority(tx, job, priority, now)
        numbers = _numbers_beside(tx, priority, beside, len(jobs), before=isinstance(where, Before))
    for job, number in zip(jobs, numbers, strict=True):
        tx.change("move_job", (number, job.bytes))
        failpoint.hit("placing.moved")
    tx.announces = tx.reaches = True


def _waiting(tx: Tx, job: JobId, verb: str) -> tuple[int, Place]:
    """Its priority and its place."""
    for status, priority, position in tx.run("read_place", (job.bytes,)):
        if status != "queued":
            raise TransitionRefused(job, verb, status)
        return priority, Place(position, job.bytes)
    for (status,) in tx.run("read_history_status", (job.bytes,)):
        raise TransitionRefused(job, verb, status)
    raise JobNotFound(job)


def _numbers_beside(tx: Tx, priority: int, beside: Place, count: int, *, before: bool) -> list[int]:
    """So many free numbers between a job and its neighbour. That one may be among those that move: then they only get
    less room than there is."""
    if before:
        found = tx.run("place_before", (priority, *beside))
        if not found:
            return [tx.front() for _ in range(count)][::-1]
        low, high = Place(*found[0]), beside.position
    else:
        found = tx.run("places_after", (priority, *beside, 1))
        if not found:
            return [tx.back() for _ in range(count)]
        low, high = beside, found[0][0]
    step = (high - low.position) // (count + 1)
    return _spread(low, step, count) if step else _make_room(tx, priority, low, count)


def _make_room(tx: Tx, priority: int, low: Place, count: int) -> list[int]:
    """So many free numbers right behind a job, where there were not enough: those behind it give way."""
    window = WINDOW
    while True:
        *behind, end = tx.run("places_after", (priority, *low, window + 1))
        if len(behind) < window:  # to the end of the line, where there is room without end
            behind.append(end)
            numbers = [tx.back() for _ in range(count + len(behind))]
            break
        step = (end[0] - low.position) // (count + window + 1)
        if step >= ROOM * window:
            numbers = _spread(low, step, count + window)
            break
        window *= 4
    for (_, id_), number in zip(behind, numbers[count:], strict=True):
        tx.change("move_job", (number, id_))
        failpoint.hit("placing.moved")
    return numbers[:count]


def _spread(low: Place, step: int, count: int) -> list[int]:
    return [low.position + step * number for number in range(1, count + 1)]
