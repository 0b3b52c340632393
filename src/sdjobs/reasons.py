"""Why a job is as it is, and what would change it: for `jobs explain` and for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sdjobs.describe import state_word, title, why
from sdjobs.libraries import runner_name
from sdjobs.text import counted, local_time
from spacedrive_jobs import AttemptInfo, JobId, JobInfo, JobStatus, JobSystem, QuestionInfo, RunnerInfo

_STATE: Final = {
    JobStatus.COMPLETED: "It is done",
    JobStatus.FAILED: "It failed",
    JobStatus.CANCELLED: "It was cancelled",
}


@dataclass(frozen=True, slots=True)
class Reasons:
    """What bears on a job's status."""

    info: JobInfo
    ahead: int
    questions: tuple[QuestionInfo, ...]
    attempts: list[AttemptInfo]
    children: list[JobInfo]
    runners: list[RunnerInfo]


async def read_reasons(jobs: JobSystem, id_: JobId) -> Reasons:
    children = await jobs.children(id_)
    return Reasons(
        await jobs.info(id_),
        await jobs.ahead(id_),
        (await jobs.questions(id_)).rows,
        await jobs.attempts(id_),
        [child for child in children if not child.status.is_terminal],
        await jobs.runners(),
    )


def sentences(reasons: Reasons, command: Callable[..., str] | None = None) -> Iterable[str]:
    """A line each. `command`: writes what to type in a terminal, where there is one."""
    info = reasons.info
    attended = any(runner.mode == "all" and runner.state != "dead" for runner in reasons.runners)
    reason = why(info, attended=attended)
    yield f"{title(info)}  ({info.id.short})"
    state = _STATE.get(info.status, f"It is {state_word(info.status, info.request)}")
    yield state + (f": {reason}" if reason else "") + "."
    if info.status is JobStatus.QUEUED and not reason:
        yield "It starts as soon as there is room for it."
    if reasons.ahead:
        yield f"{counted(reasons.ahead, 'job')} {'is' if reasons.ahead == 1 else 'are'} ahead of it."
    if command is not None:
        yield from _on_a_terminal(reasons, command)
    for child in reasons.children:
        yield f"Its part {title(child)} ({child.id.short}) is {state_word(child.status, child.request)}."
    runner = next((runner for runner in reasons.runners if runner.id == info.runner), None)
    if runner is not None:
        yield f"It runs in {runner_name(runner)}, which is {runner.state}."
    if not attended and runner is None and not info.status.is_terminal:
        start = f" Start one: {command('worker')}" if command is not None else ""
        yield f"No process runs the jobs of this library now.{start}"


def _on_a_terminal(reasons: Reasons, command: Callable[..., str]) -> Iterable[str]:
    """What the page shows in parts of its own, with times in the zone of its reader."""
    info = reasons.info
    if info.due_at is not None and info.status is JobStatus.QUEUED:
        yield f"It is due at {local_time(info.due_at)}."
    for question in reasons.questions:
        yield f"It asks: {question.question}"
        yield f"  {command('jobs', 'answer', question.id, 'ANSWER')}"
    for attempt in reasons.attempts:
        yield f"Attempt {attempt.attempt} ended at {local_time(attempt.ended_at)}: {attempt.reason or attempt.outcome}"
