"""Jobs that wait for jobs: what a new one must wait for, twins of unique jobs, and why a circle is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from spacedrive_jobs._model.errors import DependencyCycle, JobNotFound, NotUnique
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.transition import NewJob, OnFailure, Wait
from spacedrive_jobs._store.ending import cancel_children, end_waiting, follow
from spacedrive_jobs._store.tx import Tx


def needed(tx: Tx, job: NewJob) -> list[Wait]:
    """The unfinished jobs that `job` must wait for. Raises JobNotFound, DependencyCycle.

    A job named in `after` that has already failed is in the answer too, where the policy is to cancel: `hold` ends the
    new job at once.
    """
    family = ancestors(tx, job.parent)
    on: dict[bytes, OnFailure] = {}
    for wait in job.after:
        if _is_open(tx, wait):
            if family and reaches(tx, wait.on, family):
                raise DependencyCycle(JobId.from_bytes(wait.on), JobId.from_bytes(job.parent or job.id))
            on[wait.on] = "cancel" if "cancel" in (wait.policy, on.get(wait.on)) else "run"
    for kind_wait in job.after_kinds:
        for name in kind_wait.names:
            for id_, scope in tx.run("unfinished_of_kind", {"kind": name}):
                # An ancestor waits for this job itself, and so does whatever waits for an ancestor.
                if id_ in on or not overlap(scope, job.scope) or (family and reaches(tx, id_, family)):
                    continue
                on[id_] = kind_wait.policy
    return [Wait(id_, policy) for id_, policy in on.items()]


def check(tx: Tx, jobs: Iterable[NewJob], queued: Collection[bytes]) -> None:
    """Refuse what `enqueue` would refuse later, when nobody could be told; `queued`: what will be stored before them.

    Raises JobNotFound, NotUnique.
    """
    for job in jobs:
        if job.unique is not None:
            find_twin(tx, job)
        for wait in job.after:
            if wait.on not in queued:
                _is_open(tx, wait)


def _is_open(tx: Tx, wait: Wait) -> bool:
    """Whether there is something to wait for; JobNotFound if the library never had the job, or has pruned it."""
    if tx.run("active_kind", (wait.on,)):
        return True
    for status, _ in tx.run("ended_status", (wait.on,)):
        return bool(status != "completed" and wait.policy == "cancel")
    raise JobNotFound(JobId.from_bytes(wait.on))


def hold(tx: Tx, job: NewJob, on: Iterable[Wait]) -> None:
    """Have the job, stored just now, wait. One that waits for what has already failed ends with it."""
    for wait in on:
        ended = tx.run("ended_status", (wait.on,))
        if ended:
            ((status, kind),) = ended
            how = "failed" if status == "failed" else "was cancelled"
            end_waiting(tx, job.id, job.created_at, "cancelled", f"{kind} {JobId.from_bytes(wait.on).short} {how}")
            return
    for wait in on:
        tx.change("insert_wait", (job.id, wait.on, wait.policy))


def ancestors(tx: Tx, parent: bytes | None) -> set[bytes]:
    found: set[bytes] = set()
    while parent is not None and parent not in found:
        found.add(parent)
        rows = tx.run("parent_of", {"id": parent})
        parent = rows[0][0] if rows else None
    return found


def reaches(tx: Tx, start: bytes, goals: set[bytes]) -> bool:
    """Whether `start` is one of `goals` or waits for one: by a dependency, or as a parent for its children."""
    seen: set[bytes] = set()
    stack = [start]
    while stack:
        job = stack.pop()
        if job in goals:
            return True
        if job not in seen:
            seen.add(job)
            stack += [on for on, _ in tx.run("waits_of", (job,))]
            stack += [child for (child,) in tx.run("unfinished_children", (job,))]
    return False


def overlap(one: bytes | None, other: bytes | None) -> bool:
    """Scopes are paths: one overlaps with itself, with what is inside it and with what it is inside of. None is all."""
    if one is None or other is None or one == other:
        return True
    return one.startswith(other.rstrip(b"/") + b"/") or other.startswith(one.rstrip(b"/") + b"/")


# --- unique jobs ------------------------------------------------------------------------------------------------------


def find_twin(tx: Tx, job: NewJob) -> bytes | None:
    """The unfinished job with the same key. Raises NotUnique where the policy is to reject."""
    assert job.unique is not None
    for id_, kind, status, _ in tx.run("find_unique", (job.unique.key,)):
        if job.unique.policy == "reject":
            raise NotUnique(job.kind, JobId.from_bytes(id_), kind, status)
        return bytes(id_)
    return None


def replace_twin(tx: Tx, job: NewJob, twin: bytes) -> NewJob:
    """Cancel the twin and take its key; the new job waits until its code has stopped, so that never both run.

    A job that was to wait for the very one that it replaces is not ended by that one's end.
    """
    tx.change("free_unique", (twin,))
    job = job._replace(after=tuple(wait for wait in job.after if wait.on != twin))
    reason = f"replaced by {job.kind} {JobId.from_bytes(job.id).short}"
    ((_, status, _),) = tx.run("active_kind", (twin,))
    if status == "running":
        tx.change("request", {"request": "cancel", "reason": reason, "now": job.created_at, "id": twin, "with": None})
        for id_, how in cancel_children(tx, twin, job.created_at, reason):
            follow(tx, id_, how, job.created_at)
        return job._replace(after=(*job.after, Wait(twin, "run")))
    ((_, _, attempt, _, tidies, _),) = tx.run("read_job_status", (twin,))
    if tidies and attempt > 0:
        tx.change("delete_waits_of", (twin,))
        tx.change("queue_for_cancel", {"reason": reason, "position": tx.front(), "now": job.created_at, "id": twin})
        return job._replace(after=(*job.after, Wait(twin, "run")))
    end_waiting(tx, twin, job.created_at, "cancelled", reason)
    return job
