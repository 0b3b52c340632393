"""Runners: who has the library open, and giving back the claims of those that are gone."""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.record import RunnerMode
from spacedrive_jobs._model.transition import Claim, Requeue
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.transitions import apply, crash
from spacedrive_jobs._store.tx import Tx


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """What tells one process from all others, where its namespace and boot are the observer's own."""

    pid: int
    started: int
    pid_namespace: int
    boot: str


@dataclass(frozen=True, slots=True)
class RunnerRow:
    id: RunnerId
    mode: RunnerMode
    process: ProcessFacts
    host: str
    program: str
    opened_at: int


@dataclass(frozen=True, slots=True)
class AttemptProcess:
    job: JobId
    attempt: int
    process: ProcessFacts


def register(tx: Tx, row: RunnerRow) -> None:
    process = row.process
    tx.change(
        "insert_runner",
        (
            row.id,
            row.mode,
            process.pid,
            process.started,
            process.pid_namespace,
            process.boot,
            row.host,
            row.program,
            row.opened_at,
        ),
    )
    tx.announces = True


def retire(tx: Tx, runner: RunnerId) -> None:
    """Forget a runner that holds no claim any more."""
    tx.change("delete_runner", (runner,))
    tx.announces = True


def rescue(tx: Tx, runner: RunnerId, now: int, why: str, *, crashed: bool, max_crashes: int) -> list[JobId]:
    """Give back every claim of `runner`; its late writes then find that they hold none.

    `crashed`: its process died, which uses up the jobs' crash budget; a stopped one's does not.
    """
    rescued: list[JobId] = []
    for id_, attempt in tx.run("running_of_runner", (runner,)):
        claim = Claim(JobId.from_bytes(id_), attempt, runner)
        if crashed:
            ((request, requested, resumable, _, crashes),) = tx.run("read_claimed", (id_, attempt, runner))
            crash(
                tx,
                claim,
                now,
                why,
                max_crashes,
                request=request,
                requested=requested,
                resumable=bool(resumable),
                crashes=crashes,
            )
        else:
            apply(tx, Requeue(claim=claim, at=now, reason=why))
        rescued.append(claim.job)
        failpoint.hit("rescue.one")
    if crashed:
        tx.change("delete_runner", (runner,))
    tx.announces = True
    return rescued


def record_process(tx: Tx, claim: Claim, process: ProcessFacts) -> None:
    """Remember an isolated attempt's process, so that a rescuer can end it if it outlives its runner."""
    tx.change(
        "insert_attempt_process",
        (
            claim.job.bytes,
            claim.attempt,
            claim.runner,
            process.pid,
            process.started,
            process.pid_namespace,
            process.boot,
        ),
    )


def read_runners(connection: apsw.Connection) -> list[RunnerRow]:
    return [
        RunnerRow(RunnerId(id_), mode, ProcessFacts(pid, started, namespace, boot), host, program, opened_at)
        for id_, mode, pid, started, namespace, boot, host, program, opened_at in connection.execute(
            query("read_runners")
        )
    ]


def read_holders(connection: apsw.Connection) -> list[RunnerId]:
    """The runners that have a row or hold a claim."""
    return [RunnerId(runner) for (runner,) in connection.execute(query("running_runners"))]


def read_attempt_processes(connection: apsw.Connection, runner: RunnerId) -> list[AttemptProcess]:
    return [
        AttemptProcess(JobId.from_bytes(job), attempt, ProcessFacts(pid, started, namespace, boot))
        for job, attempt, pid, started, namespace, boot in connection.execute(
            query("read_attempt_processes"), (runner,)
        )
    ]
