"""Random steps on the real store, by several runners, each compared with the model."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from spacedrive_jobs._model.errors import AttemptEnded, DependencyCycle, NotUnique, TransitionRefused
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.interruption import JobInterrupted
from spacedrive_jobs._model.placement import After, Before
from spacedrive_jobs._model.transition import (
    Cancel,
    Claim,
    Complete,
    Fail,
    Flush,
    NewJob,
    Pause,
    Requeue,
    Retry,
    Snooze,
    Transition,
    UniqueKey,
    Wait,
)
from spacedrive_jobs._model.trigger import Every
from spacedrive_jobs._store import (
    again,
    checkpoints,
    control,
    family,
    migrate,
    placing,
    queue,
    rescue,
    schedules,
    transitions,
)
from spacedrive_jobs._store.connection import connect
from spacedrive_jobs._store.schedules import ScheduleRow
from spacedrive_jobs._store.tx import Tx
from tests.property.queue_model import Job, QueueModel, Refused

T = TypeVar("T")

EVERY: Final = 1_000
"""Milliseconds between two runs of a schedule: there is no shorter one."""
KIND: Final = "machine"
RUNNERS: Final = [RunnerId(bytes([number]) * 16) for number in range(1, 4)]
MAX_CRASHES: Final = 3
KEYS: Final = ("a", "b")
MOST: Final = 6
"""Unfinished jobs: few, so that much happens to each."""
HOUR: Final = 3_600_000
REFUSALS: Final = (TransitionRefused, NotUnique, JobInterrupted, DependencyCycle, ValueError)

places = st.integers(0, 60)


def template() -> Path:
    """An empty library's database, made once."""
    global _template
    if _template is None:
        path = Path(tempfile.mkdtemp(prefix="machine-")) / "jobs.db"
        connection = connect(path, create=True, durability="normal")
        migrate.migrate(connection, path, 0, tuple)
        connection.pragma("journal_mode", "delete")
        connection.close()
        _template = path
    return _template


_template: Path | None = None


class QueueMachine(RuleBasedStateMachine):
    """Each rule does the same to the store and to the model, and both must answer alike."""

    def __init__(self) -> None:
        super().__init__()
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # the disk is not what is tested here
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=memory))
        shutil.copyfile(template(), self.folder / "jobs.db")
        self.connection = connect(self.folder / "jobs.db", durability="normal")
        self.model = QueueModel()
        self.claims: list[Claim] = []
        """Every claim ever given, lost ones too."""
        self.now = 1_000
        self.count = 0
        self.schedule: tuple[int, int | None] | None = None

    def teardown(self) -> None:
        self.connection.close()
        shutil.rmtree(self.folder)

    # --- helpers -----------------------------------------------------------------------------------------------------

    def tx(self, run: Callable[[Tx], T]) -> T:
        self.connection.execute("BEGIN IMMEDIATE")
        tx = Tx(self.connection)
        try:
            result = run(tx)
            tx.finish()
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result

    def both(self, run: Callable[[Tx], T], model: Callable[[], Any]) -> T | None:
        """None where both refuse."""
        try:
            answer = self.tx(run)
        except REFUSALS as error:
            try:
                model()
            except Refused:
                return None
            raise AssertionError(f"the store refused what the model allows: {error}") from error
        try:
            model()
        except Refused:
            raise AssertionError("the store allowed what the model refuses") from None
        return answer

    def id(self, number: int) -> bytes:
        return number.to_bytes(16)

    def new(self, priority: int, *, resumable: bool = True, tidies: bool = False, parent: int | None = None) -> Job:
        self.count += 1
        return Job(self.count, priority, 0, resumable, tidies, parent)

    def row(self, job: Job) -> NewJob:
        parent = self.id(job.parent) if job.parent is not None else None
        return NewJob(
            self.id(job.number), KIND, 1, b"", job.resumable, job.priority, self.now, parent, tidies=job.tidies
        )

    def any_job(self, place: int) -> Job | None:
        """An unfinished one, mostly: what has ended is there to refuse."""
        jobs = list(self.model.jobs.values())
        unfinished = [job for job in jobs if job.active]
        if unfinished and place % 5:
            jobs = unfinished
        return jobs[-1 - place // 5 % len(jobs)] if jobs else None

    @property
    def unfinished(self) -> int:
        return sum(job.active for job in self.model.jobs.values())

    def held(self, place: int) -> tuple[Claim, Job] | None:
        """A claim that holds, if there is one."""
        running = [job for job in self.model.jobs.values() if job.status == "running"]
        if not running:
            return None
        job = running[place % len(running)]
        assert job.runner is not None
        return Claim(JobId.from_bytes(self.id(job.number)), job.attempt, RUNNERS[job.runner]), job

    # --- dispatch ----------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """An empty library."""

    @precondition(lambda self: self.unfinished < MOST)
    @rule(
        priority=st.sampled_from([0, 0, 0, 5]),
        resumable=st.sampled_from([True, True, True, False]),
        tidies=st.booleans(),
        key=st.sampled_from([None, None, None, *KEYS]),
        policy=st.sampled_from(["return", "reject", "replace"]),
        after=st.lists(st.tuples(places, st.sampled_from(["cancel", "run"])), max_size=2),
    )
    def dispatch(
        self, priority: int, resumable: bool, tidies: bool, key: str | None, policy: Any, after: list[tuple[int, Any]]
    ) -> None:
        job = self.new(priority, resumable=resumable, tidies=tidies)
        job.key = key
        waits: dict[int, str] = {}
        for place, how in after:
            other = self.any_job(place)
            if other is not None and other.number not in waits:
                waits[other.number] = how
        unique = UniqueKey(key.encode().rjust(16), policy) if key is not None else None
        on: Any = tuple(Wait(self.id(number), how) for number, how in waits.items())  # type: ignore[arg-type]
        row = self.row(job)._replace(unique=unique, after=on)
        stood: list[int] = []
        stored = self.both(
            lambda tx: queue.enqueue(tx, [row]), lambda: stood.append(self.model.dispatch(job, waits, policy))
        )
        if stored is not None:
            assert stored == [self.id(stood[0])]

    @precondition(lambda self: self.unfinished < MOST)
    @rule(place=places, key=st.sampled_from(KEYS))
    def spawn_child(self, place: int, key: str) -> None:
        held = self.held(place)
        if held is None:
            return
        claim, parent = held
        child = self.new(parent.priority, parent=parent.number)
        row = self.row(child)
        numbers: list[int] = []
        spawned = self.both(
            lambda tx: family.spawn(tx, claim, key, row), lambda: numbers.append(self.model.spawn(parent, key, child))
        )
        if spawned is not None:
            assert spawned.id == self.id(numbers[0])

    @rule(place=places)
    def do_again(self, place: int) -> None:
        job = self.any_job(place)
        if job is None:
            return
        self.count += 1
        new, found = self.count, list[int]()
        id_ = JobId.from_bytes(self.id(job.number))
        stored = self.both(
            lambda tx: again.retry(tx, id_, self.id(new), self.now),
            lambda: found.append(self.model.retry(job.number, new)),
        )
        if stored is not None:
            assert stored == self.id(found[0])

    # --- runners -----------------------------------------------------------------------------------------------------

    @rule(runner=st.integers(0, 2), limit=st.integers(1, 4), suspects=st.booleans())
    def claim(self, runner: int, limit: int, suspects: bool) -> None:
        claimed = self.tx(
            lambda tx: queue.claim(tx, RUNNERS[runner], self.now, {KIND: (1, 1)}, limit, suspects=suspects)
        )
        wanted = self.model.claim(runner, limit, suspects=suspects)
        assert [one.claim.job.bytes for one in claimed] == [self.id(number) for number in wanted]
        self.claims += [one.claim for one in claimed]

    @rule(
        place=places,
        how=st.sampled_from(["complete", "complete", "fail", "cancel", "retry", "snooze", "pause", "stop"]),
    )
    def end_attempt(self, place: int, how: str) -> None:
        held = self.held(place)
        if held is None:
            return
        claim, job = held
        later = self.now + HOUR
        transition: Transition
        match how:
            case "complete":
                transition = Complete(claim=claim, at=self.now, output=b"")
                self.model.complete(job)
            case "fail":
                transition = Fail(claim=claim, at=self.now, error_type="E", error_message="m", error_traceback="")
                self.model.fail(job)
            case "cancel":
                transition = Cancel(claim=claim, at=self.now, reason="because")
                self.model.cancelled(job)
            case "retry":
                transition = Retry(
                    claim=claim, at=self.now, due_at=later, reason="m", error_type="E", error_traceback=""
                )
                self.model.retry_later(job, later)
            case "snooze":
                transition = Snooze(claim=claim, at=self.now, reason="later", due_at=later)
                self.model.snooze(job, later)
            case "pause":
                transition = Pause(claim=claim, at=self.now)
                self.model.paused(job)
            case _:
                transition = Requeue(claim=claim, at=self.now, reason="shutdown")
                self.model.interrupted(job)
        assert self.tx(lambda tx: transitions.apply(tx, transition))

    @precondition(lambda self: self.claims)
    @rule(place=places)
    def a_late_write_changes_nothing(self, place: int) -> None:
        """Of a claim that was lost: by a crash, a theft, or because its attempt has ended."""
        claim = self.claims[-1 - place % len(self.claims)]
        job = self.model.jobs[int.from_bytes(claim.job.bytes)]
        if job.status == "running" and (job.attempt, RUNNERS[job.runner or 0]) == (claim.attempt, claim.runner):
            return
        assert not self.tx(lambda tx: transitions.apply(tx, Complete(claim=claim, at=self.now, output=b"")))
        assert not self.tx(lambda tx: transitions.apply(tx, Requeue(claim=claim, at=self.now, reason="late")))
        try:
            self.tx(lambda tx: checkpoints.checkpoint(tx, claim, Flush(state=b"late"), self.now))
        except AttemptEnded:
            return
        raise AssertionError("a lost claim stored a checkpoint")

    @rule(place=places, state=st.integers(0, 2))
    def checkpoint(self, place: int, state: int) -> None:
        held = self.held(place)
        if held is not None:
            claim, job = held
            self.tx(lambda tx: checkpoints.checkpoint(tx, claim, Flush(state=bytes([state])), self.now))
            self.model.checkpoint(job, state)

    @rule(runner=st.integers(0, 2), crashed=st.booleans())
    def lose_a_runner(self, runner: int, crashed: bool) -> None:
        self.tx(
            lambda tx: rescue.rescue(tx, RUNNERS[runner], self.now, "gone", crashed=crashed, max_crashes=MAX_CRASHES)
        )
        lost = [job for job in self.model.jobs.values() if job.status == "running" and job.runner == runner]
        for job in sorted(lost, key=lambda job: job.number):
            if crashed:
                self.model.crashed(job, MAX_CRASHES)
            else:
                self.model.interrupted(job)

    # --- people ------------------------------------------------------------------------------------------------------

    @rule(place=places, verb=st.sampled_from(["pause", "resume", "cancel", "abort", "first", "priority"]))
    def ask(self, place: int, verb: str) -> None:
        job = self.any_job(place)
        if job is None:
            return
        id_, number = JobId.from_bytes(self.id(job.number)), job.number
        match verb:
            case "pause":
                self.both(lambda tx: control.pause(tx, id_, self.now), lambda: self.model.pause(number))
            case "resume":
                self.both(lambda tx: control.resume(tx, id_, self.now), lambda: self.model.resume(number))
            case "cancel":
                self.both(lambda tx: control.cancel(tx, id_, self.now, ""), lambda: self.model.cancel(number))
            case "abort":
                self.both(lambda tx: control.abort(tx, id_, self.now, ""), lambda: self.model.abort(number))
            case "first":
                self.both(lambda tx: control.put_first(tx, id_), lambda: self.model.put_first(number))
            case _:
                self.both(
                    lambda tx: control.set_priority(tx, id_, 7, self.now), lambda: self.model.set_priority(number, 7)
                )

    @rule(place=places, beside=places, where=st.sampled_from(["before", "after", "last"]))
    def put_elsewhere(self, place: int, beside: int, where: str) -> None:
        job, other = self.any_job(place), self.any_job(beside)
        if job is None or other is None:
            return
        ids, there = [JobId.from_bytes(self.id(job.number))], JobId.from_bytes(self.id(other.number))
        match where:
            case "before":
                self.both(
                    lambda tx: placing.place(tx, ids, Before(there), self.now),
                    lambda: self.model.place(job.number, other.number, before=True),
                )
            case "after":
                self.both(
                    lambda tx: placing.place(tx, ids, After(there), self.now),
                    lambda: self.model.place(job.number, other.number, before=False),
                )
            case _:
                self.both(lambda tx: placing.place(tx, ids, "last", self.now), lambda: self.model.last(job.number))

    # --- time --------------------------------------------------------------------------------------------------------

    @rule(hours=st.integers(1, 3))
    def time_passes(self, hours: int) -> None:
        self.now += hours  # milliseconds, so that ageing stays out of it; what waits is made due below
        self.tx(lambda tx: queue.pass_time(tx, self.now + 2 * HOUR))
        self.model.pass_time(self.now + 2 * HOUR)

    @precondition(lambda self: self.schedule is None)
    @rule(overlap=st.sampled_from(["skip", "queue", "replace"]))
    def add_a_schedule(self, overlap: Any) -> None:
        row = ScheduleRow(
            id="s",
            kind=KIND,
            version=1,
            arguments=b"",
            priority=0,
            resumable=True,
            tidies=False,
            lane="",
            trigger=Every(EVERY, self.now + EVERY),
            misfire="once",
            overlap=overlap,
            jitter_ms=0,
            paused=False,
            created_at=self.now,
            scheduled_at=None,
            next_at=None,
            last_job=None,
        )
        self.tx(lambda tx: schedules.store(tx, row, _NoDice(), self.now, own_id=True))
        self.schedule = self.now + EVERY, None
        self.overlap = overlap

    @precondition(lambda self: self.schedule is not None)
    @rule(ms=st.integers(1, 5 * EVERY // 2))
    def a_schedule_fires(self, ms: int) -> None:
        assert self.schedule is not None
        self.now += ms
        made: list[int] = []

        def new_id() -> bytes:
            self.count += 1
            made.append(self.count)
            return self.id(self.count)

        self.tx(lambda tx: schedules.fire_due(tx, self.now, new_id, _NoDice()))
        due, last = self.schedule
        if self.now < due:
            assert made == []
            return
        self.schedule = due + ((self.now - due) // EVERY + 1) * EVERY, last
        before = self.model.jobs[last] if last is not None else None
        unfinished = before is not None and before.active
        if unfinished and self.overlap == "skip":
            assert made == []
            return
        after: dict[int, str] = {}
        if before is not None and unfinished:
            if self.overlap == "replace":
                self.model.cancel(before.number)
            after = {before.number: "run"}
        (number,) = made
        self.model.dispatch(Job(number, 0, 0), after)
        self.schedule = self.schedule[0], number

    # --- what must always hold ---------------------------------------------------------------------------------------

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        stored = {
            int.from_bytes(id_): tuple(rest)
            for id_, *rest in self.connection.execute(
                "SELECT id, status, request, attempt, errors, crashes, priority, due_at IS NOT NULL, runner FROM jobs"
            )
        }
        ended = {
            int.from_bytes(id_): tuple(rest)
            for id_, *rest in self.connection.execute("SELECT id, status, attempt, errors FROM job_history")
        }
        assert not stored.keys() & ended.keys()
        wanted: dict[int, tuple[Any, ...]] = {}
        over: dict[int, tuple[Any, ...]] = {}
        for job in self.model.jobs.values():
            counters = job.attempt, job.errors
            if job.active:
                runner = RUNNERS[job.runner] if job.runner is not None else None
                due = job.due is not None
                wanted[job.number] = (job.status, job.request, *counters, job.crashes, job.priority, due, runner)
            else:
                over[job.number] = (job.status, *counters)
        assert _differences(stored, wanted) == {}
        assert _differences(ended, over) == {}

    @invariant()
    def order_and_waits_are_as_the_model_says(self) -> None:
        line = [
            int.from_bytes(id_)
            for (id_,) in self.connection.execute(
                "SELECT id FROM jobs WHERE status = 'queued' ORDER BY priority DESC, position, id"
            )
        ]
        queued = [job for job in self.model.jobs.values() if job.status == "queued"]
        assert line == [job.number for job in sorted(queued, key=lambda job: (-job.priority, job.position))]
        waits = {
            (int.from_bytes(job), int.from_bytes(on)): policy
            for job, on, policy in self.connection.execute("SELECT job_id, on_id, policy FROM job_waits")
        }
        wanted = {(job.number, on): how for job in self.model.jobs.values() for on, how in job.waits.items()}
        assert _differences(waits, wanted) == {}
        keys = {key for (key,) in self.connection.execute("SELECT unique_key FROM jobs WHERE unique_key IS NOT NULL")}
        live = {job.key for job in self.model.jobs.values() if job.active and job.key is not None}
        assert keys == {key.encode().rjust(16) for key in live}


def _differences(stored: dict[Any, Any], wanted: dict[Any, Any]) -> dict[Any, Any]:
    """What the store has and what the model says, where they differ."""
    keys = stored.keys() | wanted.keys()
    return {key: (stored.get(key), wanted.get(key)) for key in keys if stored.get(key) != wanted.get(key)}


class _NoDice(random.Random):
    """No jitter."""

    def randint(self, a: int, b: int) -> int:
        assert (a, b) == (0, 0)
        return 0
