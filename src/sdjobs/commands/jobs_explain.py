"""`sdjobs jobs explain`: why a job is as it is, and what would change it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import click

from sdjobs.commands.job_argument import job_argument
from sdjobs.describe import Json, job_json, runner_json, state_word, title, why
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library, runner_name
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import counted, local_time
from spacedrive_jobs import AttemptInfo, JobInfo, JobStatus, Library, QuestionInfo, RunnerInfo


@dataclass(frozen=True, slots=True)
class Reasons:
    """What bears on a job's status."""

    info: JobInfo
    ahead: int
    questions: tuple[QuestionInfo, ...]
    attempts: list[AttemptInfo]
    children: list[JobInfo]
    runners: list[RunnerInfo]


@click.command()
@job_argument
@shared_options()
@click.pass_context
def explain(context: click.Context, job: str) -> ExitCode:
    """Say in words why a job is as it is: what it waits for, what failed, who runs it."""
    return asyncio.run(_explain(settings_of(context), job))


async def _explain(settings: Settings, text: str) -> ExitCode:
    async with open_library(settings) as library:
        reasons = await _read(library, text)
    if settings.json:
        settings.out.document(_json(reasons))
    else:
        for line in _lines(reasons, settings):
            settings.out.line(line)
    return ExitCode.DONE


async def _read(library: Library, text: str) -> Reasons:
    jobs = library.jobs
    id_ = (await jobs.find(text)).id
    children = await jobs.children(id_)
    return Reasons(
        await jobs.info(id_),
        await jobs.ahead(id_),
        (await jobs.questions(id_)).rows,
        await jobs.attempts(id_),
        [child for child in children if not child.status.is_terminal],
        await jobs.runners(),
    )


def _lines(reasons: Reasons, settings: Settings) -> Iterable[str]:
    info = reasons.info
    attended = any(runner.mode == "all" and runner.state != "dead" for runner in reasons.runners)
    reason = why(info, attended=attended)
    yield f"{title(info)}  ({info.id.short})"
    yield f"It is {state_word(info.status, info.request)}" + (f": {reason}" if reason else "") + "."
    if info.status is JobStatus.QUEUED and not reason:
        yield "It starts as soon as a worker has a free slot."
    if reasons.ahead:
        yield f"{counted(reasons.ahead, 'job')} {'is' if reasons.ahead == 1 else 'are'} ahead of it."
    if info.due_at is not None and info.status is JobStatus.QUEUED:
        yield f"It is due at {local_time(info.due_at)}."
    for question in reasons.questions:
        yield f"It asks: {question.question}"
        yield f"  {settings.command('jobs', 'answer', question.id, 'ANSWER')}"
    for child in reasons.children:
        yield f"Its child {child.kind} {child.id.short} is {state_word(child.status, child.request)}."
    for attempt in reasons.attempts:
        yield f"Attempt {attempt.attempt} ended at {local_time(attempt.ended_at)}: {attempt.reason or attempt.outcome}"
    runner = next((runner for runner in reasons.runners if runner.id == info.runner), None)
    if runner is not None:
        yield f"It runs in {runner_name(runner)}, which is {runner.state}."
    if not attended and runner is None and not info.status.is_terminal:
        yield f"No process runs the jobs of this library now. Start one: {settings.command('worker')}"


def _json(reasons: Reasons) -> Json:
    return {
        "job": job_json(reasons.info),
        "ahead": reasons.ahead,
        "questions": [{"id": question.id, "text": question.question} for question in reasons.questions],
        "children": [job_json(child) for child in reasons.children],
        "runners": [runner_json(runner) for runner in reasons.runners],
    }
