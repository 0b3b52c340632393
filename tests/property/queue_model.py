"""What the queue promises, as a pure model: no SQL, no clock, no threads. Jobs are named by numbers.

Written from the rules (docs/lifecycle.md), not from the queries: where the two differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

ENDED: Final = ("completed", "failed", "cancelled")
STRENGTH: Final = {None: 0, "pause": 1, "cancel": 2, "abort": 3}


class Refused(Exception):
    """The model's answer to what must be refused."""


@dataclass
class Job:
    """One job. `runner` is set while it runs; `waits` maps a job to what is done if that fails."""

    number: int
    priority: int
    position: int | Fraction
    resumable: bool = True
    tidies: bool = False
    parent: int | None = None
    key: str | None = None
    waits: dict[int, str] = field(default_factory=dict[int, str])
    status: str = "queued"
    request: str | None = None
    attempt: int = 0
    errors: int = 0
    crashes: int = 0
    due: int | None = None
    paused_with: int | None = None
    runner: int | None = None
    state: int | None = None
    advanced_in: int | None = None
    retry_of: int | None = None
    links: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    @property
    def active(self) -> bool:
        return self.status not in ENDED


class QueueModel:
    """All jobs, and what may be asked of them."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self._back, self._front = 0, -1

    def back(self) -> int:
        self._back += 1
        return self._back

    def front(self) -> int:
        self._front -= 1
        return self._front

    # --- in ----------------------------------------------------------------------------------------------------------

    def dispatch(self, job: Job, after: dict[int, str], policy: str = "return") -> int:
        """The number of the job, or of the twin that stands for it."""
        twin = self._twin(job.key)
        after = dict(after)
        if twin is not None:
            if policy == "reject":
                raise Refused
            if policy == "return":
                return twin.number
            self._replace(twin, job, after)
        job.position = self.back()
        self.jobs[job.number] = job
        for on, how in after.items():
            known = self.jobs[on]
            if known.active:
                job.waits[on] = how
            elif known.status != "completed" and how == "cancel":
                self._end(job, "cancelled")
                self._follow(job)
                break
        return job.number

    def _twin(self, key: str | None) -> Job | None:
        return next((job for job in self.jobs.values() if key is not None and job.active and job.key == key), None)

    def _replace(self, twin: Job, job: Job, after: dict[int, str]) -> None:
        twin.key = None
        after.pop(twin.number, None)
        if twin.status == "running":
            self._request(twin, "cancel", None)
            self._cancel_children(twin, force=False)
            after[twin.number] = "run"
        elif twin.tidies and twin.attempt > 0:
            self._queue_for_cancel(twin)
            after[twin.number] = "run"
        else:
            self._end(twin, "cancelled")
            self._follow(twin)

    def retry(self, number: int, new: int) -> int:
        old = self.jobs[number]
        if old.active or old.status == "completed":
            raise Refused
        for job in self.jobs.values():
            if job.retry_of == number and job.active:
                return job.number
        again = Job(new, old.priority, self.back(), old.resumable, old.tidies, retry_of=number)
        again.links = {
            key: (child, 0) for key, (child, _) in old.links.items() if self.jobs[child].status == "completed"
        }
        again.state = old.state
        self.jobs[new] = again
        return new

    def spawn(self, parent: Job, key: str, child: Job) -> int:
        known = parent.links.get(key)
        if known is not None:
            number, errors_then = known
            went_wrong = self.jobs[number].status in ("failed", "cancelled")
            if not (parent.errors > errors_then and went_wrong):
                return number
        if parent.request in ("cancel", "abort"):
            raise Refused
        self.dispatch(child, {})
        parent.links[key] = child.number, parent.errors
        return child.number

    # --- out ---------------------------------------------------------------------------------------------------------

    def ready(self, *, suspect: bool) -> list[Job]:
        """In line: the heaviest first, then by position. A suspect's process has died before."""
        found = [
            job
            for job in self.jobs.values()
            if job.status == "queued" and not job.waits and job.due is None and (job.crashes > 0) == suspect
        ]
        return sorted(found, key=lambda job: (-job.priority, job.position))

    def claim(self, runner: int, limit: int, *, suspects: bool) -> list[int]:
        line = self.ready(suspect=False)
        if suspects:
            line += self.ready(suspect=True)[:1]
        taken = sorted(line, key=lambda job: (-job.priority, job.position))[:limit]
        for job in taken:
            job.status, job.runner = "running", runner
            job.attempt += 1
        return [job.number for job in taken]

    # --- how attempts end --------------------------------------------------------------------------------------------

    def complete(self, job: Job) -> None:
        self._end(job, "completed")
        self._follow(job)

    def fail(self, job: Job) -> None:
        job.errors += 1
        self._end(job, "failed")
        self._follow(job)

    def cancelled(self, job: Job) -> None:
        self._end(job, "cancelled")
        self._follow(job)

    def retry_later(self, job: Job, due: int) -> None:
        if job.request in ("cancel", "abort"):
            self.cancelled(job)
        elif job.request == "pause":
            self._leave(job, "paused", errors=1)
        else:
            self._leave(job, "queued", place=self.back(), due=due, errors=1)

    def snooze(self, job: Job, due: int | None) -> None:
        if job.request is not None:
            self._requeue(job, resumable=True)
        else:
            self._leave(job, "queued", place=self.front(), due=due)

    def paused(self, job: Job) -> None:
        if job.request == "pause":
            self._leave(job, "paused")
        else:
            self._requeue(job, resumable=True)

    def interrupted(self, job: Job) -> None:
        self._requeue(job, resumable=job.resumable)

    def crashed(self, job: Job, most: int) -> None:
        crashes = 1 if job.advanced_in == job.attempt else job.crashes + 1
        if job.request is not None or not job.resumable:
            self._requeue(job, resumable=job.resumable)
        elif crashes >= most:
            job.crashes += 1
            self._end(job, "failed")
            self._follow(job)
        else:
            self._leave(job, "queued", place=self.front(), crashes=crashes)

    def _requeue(self, job: Job, *, resumable: bool) -> None:
        match job.request:
            case "abort":
                self.cancelled(job)
            case "cancel":
                self._leave(job, "queued", place=self.front(), request="cancel")
            case "pause":
                self._leave(job, "paused")
            case _ if not resumable:
                self._end(job, "failed")
                self._follow(job)
            case _:
                self._leave(job, "queued", place=self.front())

    def _leave(
        self,
        job: Job,
        status: str,
        *,
        place: int | None = None,
        due: int | None = None,
        request: str | None = None,
        errors: int = 0,
        crashes: int | None = None,
    ) -> None:
        if crashes is None and job.advanced_in == job.attempt:
            crashes = 0
        job.status, job.request, job.runner, job.due = status, request, None, due
        job.errors += errors
        job.crashes = job.crashes if crashes is None else crashes
        job.position = job.position if place is None else place
        if status != "paused":
            job.paused_with = None

    def _end(self, job: Job, status: str) -> None:
        job.status, job.request, job.runner, job.due = status, None, None, None
        job.waits = {}

    def _follow(self, job: Job) -> None:
        """What waited for it goes on or ends too; its children do not outlive it."""
        ended = [job]
        while ended:
            over = ended.pop()
            for waiting in list(self.jobs.values()):
                if over.number not in waiting.waits:
                    continue
                if over.status == "completed" or waiting.waits[over.number] == "run":
                    del waiting.waits[over.number]
                elif waiting.status in ("queued", "paused"):
                    self._end(waiting, "cancelled")
                    ended.append(waiting)
            if over.status != "completed":
                ended += self._stop_children(over, force=False)

    def descendants(self, job: Job) -> Iterator[Job]:
        """Unfinished ones, generation by generation; the way may lead through a child that has ended."""
        generation = [job.number]
        while generation:
            children = [child for child in self.jobs.values() if child.parent in generation]
            yield from sorted((child for child in children if child.active), key=lambda child: child.position)
            generation = [child.number for child in children]

    def _cancel_children(self, job: Job, *, force: bool) -> None:
        for ended in self._stop_children(job, force=force):
            self._follow(ended)

    def _stop_children(self, job: Job, *, force: bool) -> list[Job]:
        ended: list[Job] = []
        for child in list(self.descendants(job)):
            if child.status == "running":
                self._request(child, "abort" if force else "cancel", None)
            elif child.tidies and child.attempt > 0 and not force:
                self._queue_for_cancel(child)
            elif child.active:
                self._end(child, "cancelled")
                ended.append(child)
        return ended

    # --- what people ask ---------------------------------------------------------------------------------------------

    def pause(self, number: int) -> None:
        job = self.jobs[number]
        if not job.active or not job.resumable or job.request in ("cancel", "abort"):
            raise Refused
        self._pause_one(job, None)
        for child in list(self.descendants(job)):
            if child.resumable and child.status != "paused" and child.request not in ("cancel", "abort"):
                self._pause_one(child, number)

    def _pause_one(self, job: Job, with_: int | None) -> None:
        if job.status == "running":
            self._request(job, "pause", with_)
        elif job.status == "queued" and job.request is None:
            job.status, job.due, job.paused_with = "paused", None, with_

    def resume(self, number: int) -> None:
        job = self.jobs[number]
        if not job.active or job.request in ("cancel", "abort"):
            raise Refused
        for child in reversed(list(self.descendants(job))):
            with_it = child.paused_with == number or (job.status == "paused" and child.paused_with is not None)
            if child.status == "paused" and with_it:
                self._resume_one(child)
            elif child.status == "running" and child.request == "pause":
                child.request, child.paused_with = None, None
        if job.status == "paused":
            self._resume_one(job)
        elif job.status == "running" and job.request == "pause":
            job.request, job.paused_with = None, None

    def _resume_one(self, job: Job) -> None:
        job.status, job.paused_with, job.position = "queued", None, self.front()

    def cancel(self, number: int) -> None:
        job = self.jobs[number]
        if not job.active:
            return
        if job.status == "running":
            self._request(job, "cancel", None)
            self._cancel_children(job, force=False)
        elif job.tidies and job.attempt > 0:
            self._queue_for_cancel(job)
            self._cancel_children(job, force=False)
        else:
            self._end(job, "cancelled")
            self._follow(job)

    def abort(self, number: int) -> None:
        job = self.jobs[number]
        if not job.active:
            return
        self._cancel_children(job, force=True)
        if job.status == "running":
            self._request(job, "abort", None)
        elif job.active:
            self._end(job, "cancelled")
            self._follow(job)

    def set_priority(self, number: int, priority: int) -> None:
        job = self.jobs[number]
        if not job.active:
            raise Refused
        for one in (job, *self.descendants(job)):
            one.priority = priority

    def put_first(self, number: int) -> None:
        job = self.jobs[number]
        if job.status != "queued":
            raise Refused
        job.position = self.front()

    def place(self, number: int, beside: int, *, before: bool) -> None:
        """Between the other and its neighbour, with its priority."""
        job, other = self.jobs[number], self.jobs[beside]
        if job.status != "queued" or other.status != "queued" or number == beside:
            raise Refused
        if job.priority != other.priority:
            self.set_priority(number, other.priority)
        line = sorted(
            one.position for one in self.jobs.values() if one.status == "queued" and one.priority == other.priority
        )
        at = line.index(other.position)
        neighbours = line[at - 1 : at] if before else line[at + 1 : at + 2]
        if neighbours:
            job.position = Fraction(neighbours[0] + other.position) / 2
        else:
            job.position = self.front() if before else self.back()

    def last(self, number: int) -> None:
        job = self.jobs[number]
        if job.status != "queued":
            raise Refused
        job.position = self.back()

    def _request(self, job: Job, request: str, with_: int | None) -> None:
        if STRENGTH[request] > STRENGTH[job.request]:
            job.request, job.paused_with = request, with_

    def _queue_for_cancel(self, job: Job) -> None:
        job.waits, job.due, job.paused_with, job.crashes = {}, None, None, 0
        job.status, job.request, job.position = "queued", "cancel", self.front()

    # --- time --------------------------------------------------------------------------------------------------------

    def pass_time(self, now: int) -> None:
        for job in self.jobs.values():
            if job.active and job.due is not None and job.due <= now:
                job.due = None

    def checkpoint(self, job: Job, state: int) -> None:
        if state != job.state:
            job.advanced_in = job.attempt
        job.state = state
