"""`sdjobs copy` and `sdjobs move`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

import click

from sdjobs import foreground
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.foreground import Begun
from sdjobs.settings import settings_of, shared_options
from spacedrive_jobs import JobSystem
from spacedrive_ops import FileCopyJob, FileMoveJob

CommandT = TypeVar("CommandT", bound=Callable[..., Any])
Conflict: TypeAlias = Literal["skip", "overwrite", "rename", "newer"]
CONFLICTS: Final[tuple[Conflict, ...]] = ("skip", "overwrite", "rename", "newer")


def _transfer_options(command: CommandT) -> CommandT:
    decorators: list[Callable[[Any], Any]] = [
        click.argument("sources", nargs=-1, required=True, type=click.Path()),
        click.argument("destination", type=click.Path()),
        click.option(
            "--on-conflict",
            type=click.Choice(CONFLICTS),
            default="skip",
            show_default=True,
            help="What to do where a file is there already: leave it, replace it, write beside it under a new "
            "name, or replace it where the source is newer.",
        ),
        click.option("--verify", is_flag=True, help="Read back and compare what was written."),
        click.option(
            "--no-fsync",
            is_flag=True,
            help="Do not wait until files are on the disk: faster, but a power cut may lose the last of them.",
        ),
        click.option("--new", is_flag=True, help="Start another job even if this very one is unfinished."),
        priority_option,
        detach_option,
        shared_options(),
        click.pass_context,
    ]
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


@click.command()
@_transfer_options
def copy(context: click.Context, **options: Any) -> ExitCode:
    """Copy SOURCES to DESTINATION, as cp -a does: into it, if it is a folder.

    The same command given again goes on where it stopped, after Ctrl-C, a crash or a power cut.
    """
    return _transfer(context, FileCopyJob, **options)


@click.command()
@_transfer_options
def move(context: click.Context, **options: Any) -> ExitCode:
    """Move SOURCES to DESTINATION: into it, if it is a folder.

    Across disks each source is removed only when its copy is on the disk. The same command given again goes on where
    it stopped.
    """
    return _transfer(context, FileMoveJob, **options)


def _transfer(
    context: click.Context,
    kind: type[FileCopyJob] | type[FileMoveJob],
    *,
    sources: tuple[str, ...],
    destination: str,
    on_conflict: Conflict,
    verify: bool,
    no_fsync: bool,
    new: bool,
    priority: int | None,
    detach: bool,
) -> ExitCode:
    settings = settings_of(context)
    job = kind(
        sources=tuple(map(_absolute, sources)),
        destination=_absolute(destination),
        on_conflict=on_conflict,
        verify=verify,
        durable=not no_fsync,
    )
    work = Transfer(job, new=new, priority=priority)
    return asyncio.run(foreground.detach(work, settings) if detach else foreground.run(work, settings))


@dataclass(frozen=True, slots=True)
class Transfer:
    """One copy or move. It is the same as an unfinished one with the same arguments, unless `new`."""

    job: FileCopyJob | FileMoveJob
    new: bool = False
    priority: int | None = None
    makes_library: bool = True

    async def begin(self, jobs: JobSystem) -> Begun:
        if not self.new and (handle := await jobs.unfinished(self.job)) is not None:
            return Begun(handle, attached=True)
        # Only now: a move that is resumed has taken some of its sources away.
        _check_sources(self.job.sources)
        return Begun(await jobs.dispatch(self.job, priority=self.priority), attached=False)


def _check_sources(sources: tuple[Path, ...]) -> None:
    for source in sources:
        try:
            source.lstat()
        except OSError as error:
            raise Refusal(
                f"{source}: {error.strerror}.", advice="Nothing was started. Check the name of this source."
            ) from error


def _absolute(path: str) -> Path:
    """Absolute, so that any process can run the job; `..` is left to the file system, which knows the links."""
    return Path(os.path.join(os.getcwd(), path))
