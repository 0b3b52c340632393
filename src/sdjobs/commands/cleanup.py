"""`sdjobs cleanup`."""

from __future__ import annotations

import click

from sdjobs.commands.file_work import FileWork, absolute, carry_out, new_option
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.given_paths import PATH
from sdjobs.settings import shared_options
from spacedrive_ops import CleanupJob


@click.command()
@click.argument("folders", nargs=-1, type=PATH)
@click.option("--plan", is_flag=True, help="Remove nothing; list what would be removed.")
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def cleanup(
    context: click.Context, folders: tuple[str, ...], plan: bool, new: bool, priority: int | None, detach: bool
) -> ExitCode:
    """Remove what jobs have left behind: old history, logs, thumbnails of contents that are gone, partial files.

    Partial files are looked for where jobs of the history wrote to, in the locations of the index, and in FOLDERS.
    """
    job = CleanupJob(folders=tuple(map(absolute, folders)), plan=plan)
    return carry_out(context, FileWork(job, new=new, priority=priority), detach=detach)
