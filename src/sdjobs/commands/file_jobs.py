"""`sdjobs delete`, `validate`, `thumbnails`, `transcode`, `upload` and `download`."""

from __future__ import annotations

import sys
from typing import Any, Final, Literal, TypeAlias

import click

from sdjobs.commands.file_work import FileWork, absolute, carry_out, new_option, plan_option
from sdjobs.commands.filter_options import YES_OPTION, confirm
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.given_paths import ADDRESS, PATH
from sdjobs.settings import settings_of, shared_options
from sdjobs.text import counted
from spacedrive_ops import (
    PRESETS,
    DeleteJob,
    DownloadJob,
    ThumbnailJob,
    TranscodeJob,
    UploadJob,
    ValidateJob,
)

Existing: TypeAlias = Literal["skip", "overwrite"]
Taken: TypeAlias = Literal["skip", "overwrite", "rename"]
EXISTING: Final[tuple[Existing, ...]] = ("skip", "overwrite")
REDOS: Final = ("missing", "failed", "all")
TAKEN: Final[tuple[Taken, ...]] = ("skip", "overwrite", "rename")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@click.option("--permanent", is_flag=True, help="Delete for good, not into the trash.")
@plan_option
@YES_OPTION
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def delete(context: click.Context, /, paths: tuple[str, ...], permanent: bool, yes: bool, **options: Any) -> ExitCode:
    """Put PATHS into the trash. A link is deleted itself; what it leads to stays."""
    if permanent and not yes and not options["plan"]:
        if not sys.stdin.isatty():  # what cannot be undone is not taken from silence
            raise Refusal(
                "Deleting for good was not confirmed.", advice="Nothing was deleted. Add --yes if it is meant."
            )
        confirm(settings_of(context), f"Delete {counted(len(paths), 'entry', 'entries')} for good?", yes)
    job = DeleteJob(paths=tuple(map(absolute, paths)), permanent=permanent)
    wanted = job.plan() if options["plan"] else job
    return carry_out(
        context, FileWork(wanted, new=options["new"], priority=options["priority"]), detach=options["detach"]
    )


@click.command()
@click.argument("path", type=PATH)
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def validate(context: click.Context, path: str, new: bool, priority: int | None, detach: bool) -> ExitCode:
    """Read the files of an indexed folder again, and list those that hold other bytes than before: bit rot."""
    return carry_out(context, FileWork(ValidateJob(root=absolute(path)), new=new, priority=priority), detach=detach)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@click.option("--size", "sizes", multiple=True, type=click.IntRange(16, 4096), help="Pixels a side; repeatable.")
@click.option("--redo", type=click.Choice(REDOS), default="missing", show_default=True, help="Which pictures.")
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def thumbnails(context: click.Context, /, paths: tuple[str, ...], sizes: tuple[int, ...], **options: Any) -> ExitCode:
    """Make thumbnails of the pictures among PATHS, kept in the library by what each picture holds."""
    job = ThumbnailJob(paths=tuple(map(absolute, paths)), sizes=sizes or (256, 1024), redo=options["redo"])
    return carry_out(context, FileWork(job, new=options["new"], priority=options["priority"]), detach=options["detach"])


@click.command()
@click.argument("source", type=PATH)
@click.argument("destination", type=PATH)
@click.option("--preset", type=click.Choice(PRESETS), default="h264", show_default=True, help="What to make of it.")
@click.option(
    "--on-conflict", type=click.Choice(TAKEN), default="skip", show_default=True, help="Where a file is there."
)
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def transcode(context: click.Context, /, source: str, destination: str, **options: Any) -> ExitCode:
    """Convert a video or a sound with ffmpeg, into DESTINATION if that is a folder.

    Else the ending of DESTINATION must be one of what the preset makes. A name without an ending is taken as it is.
    """
    job = TranscodeJob(
        source=absolute(source),
        destination=absolute(destination),
        preset=options["preset"],
        on_conflict=options["on_conflict"],
    )
    if problem := job.misnamed():
        raise Refusal(f"{problem[:1].upper()}{problem[1:]}.", advice="Nothing was started.")
    return carry_out(context, FileWork(job, new=options["new"], priority=options["priority"]), detach=options["detach"])


@click.command()
@click.argument("sources", nargs=-1, required=True, type=PATH)
@click.argument("to", metavar="URL", type=ADDRESS)
@click.option(
    "--on-conflict", type=click.Choice(EXISTING), default="skip", show_default=True, help="Where one is there."
)
@click.option("--verify", is_flag=True, help="Read back and compare what was sent.")
@plan_option
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def upload(context: click.Context, /, sources: tuple[str, ...], to: str, **options: Any) -> ExitCode:
    """Send SOURCES to an object store, such as s3://bucket/folder. Keys and endpoint come from the environment."""
    job = UploadJob(
        sources=tuple(map(absolute, sources)), to=to, on_conflict=options["on_conflict"], verify=options["verify"]
    )
    wanted = job.plan() if options["plan"] else job
    return carry_out(
        context, FileWork(wanted, new=options["new"], priority=options["priority"]), detach=options["detach"]
    )


@click.command()
@click.argument("source", metavar="URL", type=ADDRESS)
@click.argument("destination", type=PATH)
@click.option(
    "--on-conflict", type=click.Choice(EXISTING), default="skip", show_default=True, help="Where one is there."
)
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def download(context: click.Context, /, source: str, destination: str, **options: Any) -> ExitCode:
    """Fetch what an object store has under a URL into a folder; each file is compared with what was sent."""
    job = DownloadJob(source=source, destination=absolute(destination), on_conflict=options["on_conflict"])
    return carry_out(context, FileWork(job, new=options["new"], priority=options["priority"]), detach=options["detach"])
