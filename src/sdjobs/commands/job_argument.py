"""Jobs as the user names them: short ids, long ones, or the beginning of either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from sdjobs.describe import state_word, title
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of
from sdjobs.text import shown
from spacedrive_jobs import JobHandle, JobInfo, JobSystem

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def complete_job(context: click.Context, _: click.Parameter, beginning: str) -> list[CompletionItem]:
    """The newest jobs, with what they are. A shell that completes must never see an error."""
    with suppress(Exception):
        settings = settings_of(context.find_root())
        return [
            CompletionItem(info.id.short, help=shown(f"{state_word(info.status, info.request)}: {title(info)}"))
            for info in asyncio.run(_newest(settings))
            if info.id.short.startswith(beginning)
        ]
    return []


async def _newest(settings: Settings) -> Iterable[JobInfo]:
    async with open_library(settings) as library:
        return (await library.jobs.list(limit=100)).rows


def job_argument(command: CommandT) -> CommandT:
    """One job, as `job`."""
    return click.argument("job", metavar="ID", shell_complete=complete_job)(command)


def jobs_argument(command: CommandT) -> CommandT:
    """Jobs, as `ids`; whether none is allowed is the command's to say."""
    return click.argument("ids", metavar="ID…", nargs=-1, shell_complete=complete_job)(command)


async def find_all(jobs: JobSystem, ids: Iterable[str]) -> list[JobHandle[object]]:
    """Each job once, in the order given. Raises JobNotFound or AmbiguousJobId before anything is done to any."""
    found = [await jobs.find(text) for text in ids]
    return list({handle.id: handle for handle in found}.values())
