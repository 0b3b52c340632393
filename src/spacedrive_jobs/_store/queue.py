"""Into the queue and out of it: enqueue, claim, and what time does to waiting jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.status import Request
from spacedrive_jobs._model.transition import Claim, ClaimedJob, NewJob, Past
from spacedrive_jobs._store import waits
from spacedrive_jobs._store.admission import Admission, NoSupply, raised, weight
from spacedrive_jobs._store.ending import end_waiting
from spacedrive_jobs._store.tx import Row, Tx, Value

Handled = Mapping[str, tuple[int, int]]
"""Each kind that can be run here, aliases too: the oldest and the newest version of it."""


class Place(NamedTuple):
    """A ready job; those that `_in_order` gives sort as the queue does: the heaviest first, then by position."""

    lightness: int
    position: int
    id: bytes
    kind: str
    lane: str
    priority: int


def enqueue(tx: Tx, jobs: Sequence[NewJob]) -> list[bytes]:
    """Store jobs as `queued`, each behind the last; their ids, that of a live twin where a unique job has one.

    Raises NotUnique, JobNotFound (of a job to wait for), DependencyCycle; then nothing of the transaction counts.
    """
    tx.announces = True
    if all(job.is_plain for job in jobs):
        tx.change_many("insert_job", [_inserted(tx, job) for job in jobs])
        ids = [job.id for job in jobs]
    else:
        ids = [_enqueue_one(tx, job) for job in jobs]
    failpoint.hit("queue.enqueued")
    return ids


def _enqueue_one(tx: Tx, job: NewJob) -> bytes:
    if job.unique is not None:
        twin = waits.find_twin(tx, job)
        if twin is not None and job.unique.policy == "return":
            return twin
        if twin is not None:
            job = waits.replace_twin(tx, job, twin)
    on = waits.needed(tx, job)
    tx.change("insert_job", _inserted(tx, job))
    waits.hold(tx, job, on)
    return job.id


def _inserted(tx: Tx, job: NewJob) -> tuple[Value, ...]:
    return (
        job.id,
        job.kind,
        job.version,
        int(job.resumable),
        job.priority,
        tx.back(),
        job.parent,
        job.created_at,
        job.created_at,
        job.deadline_at,
        job.arguments,
        job.lane,
        int(job.tidies),
        job.scope,
        job.unique.key if job.unique is not None else None,
        job.retry_of,
        job.action,
        job.trace,
    )


def claim(
    tx: Tx,
    runner: RunnerId,
    now: int,
    handled: Handled,
    limit: int,
    *,
    suspects: bool,
    only: Collection[bytes] | None = None,
    admission: Admission | None = None,
) -> list[ClaimedJob]:
    """Take up to `limit` jobs for `runner`, first in line first.

    What `handled` does not cover is left alone. `suspects`: one job whose process died before may be among them.
    `only`: these ids and no others. `admission`: limits and resources; without it only paused kinds are heeded.
    """
    admission = admission if admission is not None else Admission(tx, {}, NoSupply(), now)
    claimed: list[ClaimedJob] = []
    for place in in_line(tx, now, handled, limit, admission, suspects=suspects, only=only):
        refusal = admission.refusal(place.kind, place.lane)
        if refusal is not None:
            admission.stands_in_line(refusal)
            continue
        claimed.append(_claim_one(tx, runner, now, place))
        admission.took(place.id, place.kind, place.lane)
        if len(claimed) == limit:
            break
    failpoint.hit("queue.claimed")
    return claimed


def enqueue_if_unchanged(tx: Tx, job: NewJob, position: int) -> bytes | None:
    """Store a job if the end of the queue is where the caller saw it; None if not: then it should look again."""
    return enqueue(tx, [job])[0] if tx.end == position else None


def take_back(tx: Tx, claims: Sequence[Claim], admission: Admission) -> list[Claim]:
    """Attempts that yielded and now want their places of kind and resources back: those that can have them.

    The others are marked, so that no new claim takes what they need, by whichever process.
    """
    taken: list[Claim] = []
    for claim_ in claims:
        key = (claim_.job.bytes, claim_.attempt, claim_.runner)
        for kind, lane in tx.run("yielding_lane", key):
            refusal = admission.refusal_of_return(claim_.job.bytes, kind, lane)
            parameters: dict[str, Value] = {"id": key[0], "attempt": key[1], "runner": key[2]}
            yielding = 0 if refusal is None else 2
            reason = "" if refusal is None else refusal.words
            tx.change("set_yielding", {**parameters, "yielding": yielding, "reason": reason})
            if refusal is None:
                admission.took(claim_.job.bytes, kind, lane, again=True)
                taken.append(claim_)
            else:
                admission.stands_in_line(refusal)
    return taken


def contenders(
    tx: Tx, now: int, handled: Handled, limit: int, gained: Mapping[bytes, int], admission: Admission
) -> list[bytes]:
    """The running jobs, lightest first, that keep heavier ready ones from starting; nothing is changed.

    One leaves for each ready job, and only if that job could then start: otherwise it would be suspended for nothing.
    `gained`: the jobs in question, and what each had gained by waiting when it was claimed. Their priorities are read:
    they may have been changed since.
    """
    places = in_line(tx, now, handled, limit, admission, suspects=False, rooms=False)
    if not places:
        return []
    running = {
        job: raised(priority, gained[job]) for job, _, _, _, _, priority, _ in tx.run("running_jobs") if job in gained
    }
    victims = sorted(running, key=lambda job: (running[job], job), reverse=False)
    asked: list[bytes] = []
    for place in places:
        heavier = [job for job in victims if running[job] < place.priority]
        for victim in heavier:
            if admission.refusal(place.kind, place.lane, without=victim) is None:
                victims.remove(victim)
                admission.left(victim)
                admission.took(place.id, place.kind, place.lane, ahead=True)
                asked.append(victim)
                break
        if len(asked) == limit or not victims:
            break
    return asked


def in_line(
    tx: Tx,
    now: int,
    handled: Handled,
    limit: int,
    admission: Admission,
    *,
    suspects: bool,
    only: Collection[bytes] | None = None,
    rooms: bool = True,
) -> list[Place]:
    """The first jobs in line, at most `limit` of each lane and priority, in order."""
    if only is not None:
        return _in_order(_own_places(tx, now, handled, only, suspects))
    places = list(_places(tx, now, handled, limit, admission if rooms else None, "ready_levels", "ready_jobs"))
    if suspects:
        found = _places(tx, now, handled, 1, admission, "ready_levels_suspect", "ready_jobs_suspect")
        places += sorted(found)[:1]
    return _in_order(places)


def _in_order(places: list[Place]) -> list[Place]:
    """Of one priority by position alone: what waited long lends its weight to what was put before it."""
    lightest: dict[int, int] = {}
    ordered: list[Place] = []
    for place in sorted(places, key=lambda place: (place.position, place.id), reverse=True):
        lightness = lightest.get(place.priority, place.lightness)
        lightest[place.priority] = lightness = min(lightness, place.lightness)
        ordered.append(place if lightness == place.lightness else place._replace(lightness=lightness))
    return sorted(ordered)


def _places(
    tx: Tx, now: int, handled: Handled, limit: int, admission: Admission | None, levels: str, jobs: str
) -> Iterator[Place]:
    for kind, version, lane, priority in tx.run(levels):
        if not _fits(handled, kind, version) or (admission is not None and admission.is_paused(kind)):
            continue
        room = admission.room(kind, limit) if admission is not None else limit
        if room:
            for id_, position, waits_since in tx.run(jobs, (kind, version, lane, priority, room)):
                yield Place(-weight(priority, waits_since, now), position, id_, kind, lane, priority)


def _fits(handled: Handled, kind: str, version: int) -> bool:
    oldest, newest = handled.get(kind, (1, 0))
    return oldest <= version <= newest


def _own_places(tx: Tx, now: int, handled: Handled, only: Collection[bytes], suspects: bool) -> list[Place]:
    fresh: list[Place] = []
    suspect: list[Place] = []
    for wanted in only:
        for kind, version, lane, priority, position, waits_since, crashes in tx.run("ready_job", (wanted,)):
            if _fits(handled, kind, version):
                place = Place(-weight(priority, waits_since, now), position, wanted, kind, lane, priority)
                (suspect if crashes else fresh).append(place)
    return fresh + (sorted(suspect)[:1] if suspects else [])


def _claim_one(tx: Tx, runner: RunnerId, now: int, place: Place) -> ClaimedJob:
    (row,) = tx.run("claim_job", {"runner": runner, "now": now, "id": place.id})
    tx.announces = True
    return _claimed(row, runner, -place.lightness, now)


def _claimed(row: Row, runner: RunnerId, heavy: int, now: int) -> ClaimedJob:
    id_, attempt, kind, version, arguments, priority, errors, crashes, parent, deadline_at, request, reason, *more = row
    lane, retry_of, action, trace, created_at, started_at, ran_ms, deaths = more
    return ClaimedJob(
        claim=Claim(JobId.from_bytes(id_), attempt, runner),
        kind=kind,
        version=version,
        arguments=arguments,
        priority=priority,
        errors=errors,
        crashes=crashes,
        parent=JobId.from_bytes(parent) if parent is not None else None,
        deadline_at=deadline_at,
        request=Request(request) if request is not None else None,
        reason=reason,
        lane=lane,
        gained=max(0, heavy - priority),
        retry_of=JobId.from_bytes(retry_of) if retry_of is not None else None,
        action=action,
        trace=trace,
        past=Past(kind, attempt, created_at, started_at, now, ran_ms, errors, deaths),
    )


def pass_time(tx: Tx, now: int) -> None:
    """Make ready what has become due, fail what waited past its deadline."""
    if tx.change("promote_due", {"now": now}):
        tx.announces = True
    for (id_,) in tx.run("read_expired", (now,)):
        end_waiting(tx, id_, now, "failed", "deadline passed before it could finish", error_type="DeadlinePassed")
    failpoint.hit("queue.time_passed")
