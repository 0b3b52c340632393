"""What the commands of the file jobs share: the job in the foreground, or the unfinished one that is the same."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sdjobs import foreground
from sdjobs.exit_codes import ExitCode
from sdjobs.foreground import Begun
from sdjobs.settings import settings_of
from spacedrive_jobs import JobSystem

new_option = click.option("--new", is_flag=True, help="Start another job even if this very one is unfinished.")


plan_option = click.option(
    "--plan", is_flag=True, help="Change nothing; tell what would be done, and what is in the way."
)


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class FileWork:
    """One file job. It is the same as an unfinished one with the same arguments, unless `new`.

    `check`: refuses what cannot be meant, before anything is stored.
    """

    job: Any
    new: bool = False
    priority: int | None = None
    check: Callable[[], None] = _nothing
    makes_library: bool = True

    async def begin(self, jobs: JobSystem) -> Begun:
        if not self.new and (handle := await jobs.unfinished(self.job)) is not None:
            return Begun(handle, attached=True)
        self.check()
        return Begun(await jobs.dispatch(self.job, priority=self.priority), attached=False)


def carry_out(context: click.Context, work: FileWork, *, detach: bool) -> ExitCode:
    """In the foreground, or left to whoever runs the library's jobs."""
    settings = settings_of(context)
    return asyncio.run(foreground.detach(work, settings) if detach else foreground.run(work, settings))


def absolute(path: str) -> Path:
    """As any process can use it; `..` goes by the letters, as the index stores paths."""
    return Path(os.path.abspath(path))
