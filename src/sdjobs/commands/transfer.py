"""`sdjobs copy` and `sdjobs move`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

import click

from sdjobs.commands.file_work import FileWork, carry_out, new_option, plan_option
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.settings import shared_options
from spacedrive_ops import FileCopyJob, FileMoveJob, SdPath, UnsafePath

CommandT = TypeVar("CommandT", bound=Callable[..., Any])
Conflict: TypeAlias = Literal["skip", "overwrite", "rename", "newer", "ask"]
CONFLICTS: Final[tuple[Conflict, ...]] = ("skip", "overwrite", "rename", "newer", "ask")


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
            "name, replace it where the source is newer, or ask, when all the rest is done.",
        ),
        click.option("--verify", is_flag=True, help="Read back and compare what was written."),
        click.option(
            "--no-fsync",
            is_flag=True,
            help="Do not wait until files are on the disk: faster, but a power cut may lose the last of them.",
        ),
        plan_option,
        new_option,
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

    A source may also be named by a location of the index or by a file system, wherever that is now: location://1/name,
    volume://UUID/name.

    The same command given again goes on where it stopped, after Ctrl-C, a crash or a power cut.
    """
    given: tuple[str, ...] = options["sources"]
    located = tuple(_parsed(source) for source in given if is_located(source))
    options["sources"] = tuple(source for source in given if not is_located(source))
    return _transfer(context, FileCopyJob, located=located, **options)


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
    plan: bool,
    new: bool,
    priority: int | None,
    detach: bool,
    located: tuple[SdPath, ...] = (),
) -> ExitCode:
    job = kind(
        sources=tuple(map(_absolute, sources)),
        destination=_absolute(destination),
        on_conflict=on_conflict,
        verify=verify,
        durable=not no_fsync,
    )
    if located and isinstance(job, FileCopyJob):
        job = replace(job, located=located)
    # Looked at only where it is dispatched: a move that is resumed has taken some of its sources away.
    work = FileWork(job.plan() if plan else job, new=new, priority=priority, check=partial(check, sources, destination))
    return carry_out(context, work, detach=detach)


def check(sources: tuple[str, ...], destination: str) -> None:
    """Refuse what `cp` and `mv` would refuse, before anything is stored. Raises Refusal."""
    for source in sources:
        _check_source(source)
    if not destination:
        raise _refused("The destination is an empty name.")
    if len(sources) > 1 and not os.path.isdir(destination):
        raise _refused(f"{destination} is not a folder, and several sources need one.")
    if destination.endswith("/") and not os.path.isdir(destination) and not all(map(os.path.isdir, sources)):
        raise _refused(f"There is no folder {destination}")


def is_located(source: str) -> bool:
    """Whether it is the text of a path that has its place found when the job runs."""
    return source.startswith(("location://", "volume://"))


def _parsed(source: str) -> SdPath:
    try:
        return SdPath.parse(source)
    except UnsafePath as error:
        raise _refused(f"{error}.") from error


def _check_source(source: str) -> None:
    if not source or os.path.basename(source.rstrip("/")) in (".", ".."):
        advice = f"Give the folder by its own name, or what is in it: {os.path.join(source or '.', '*')}"
        raise _refused(f"{source!r} has no name of its own under which it could be written.", advice)
    try:
        os.lstat(source)
    except OSError as error:
        raise _refused(f"{source}: {error.strerror}.") from error
    if source.endswith("/") and os.path.islink(source.rstrip("/")):
        raise _refused(f"{source} is a link.", "Give it without the slash to copy the link, or give what it points to.")


def _refused(message: str, advice: str = "Check the name.") -> Refusal:
    return Refusal(message, advice=f"Nothing was started. {advice}")


def _absolute(path: str) -> Path:
    """Absolute, so that any process can run the job; `..` is left to the file system, which knows the links."""
    return Path(os.path.join(os.getcwd(), path))
