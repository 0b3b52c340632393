"""`sdjobs jobs explain`: why a job is as it is, and what would change it."""

from __future__ import annotations

import asyncio

import click

from sdjobs.commands.job_argument import job_argument
from sdjobs.describe import Json, job_json, runner_json
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.reasons import Reasons, read_reasons, sentences
from sdjobs.settings import Settings, settings_of, shared_options


@click.command()
@job_argument
@shared_options()
@click.pass_context
def explain(context: click.Context, job: str) -> ExitCode:
    """Say in words why a job is as it is: what it waits for, what failed, who runs it."""
    return asyncio.run(_explain(settings_of(context), job))


async def _explain(settings: Settings, text: str) -> ExitCode:
    async with open_library(settings) as library:
        reasons = await read_reasons(library.jobs, (await library.jobs.find(text)).id)
    if settings.json:
        settings.out.document(_json(reasons))
    else:
        for line in sentences(reasons, settings.command):
            settings.out.line(line)
    return ExitCode.DONE


def _json(reasons: Reasons) -> Json:
    return {
        "job": job_json(reasons.info),
        "ahead": reasons.ahead,
        "questions": [{"id": question.id, "text": question.question} for question in reasons.questions],
        "children": [job_json(child) for child in reasons.children],
        "runners": [runner_json(runner) for runner in reasons.runners],
    }
