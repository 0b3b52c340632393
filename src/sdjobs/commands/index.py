"""`sdjobs index`."""

from __future__ import annotations

import asyncio

import click

from sdjobs.commands.file_work import FileWork, absolute, carry_out, new_option
from sdjobs.commands.index_watch import watch
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.given_paths import PATH
from sdjobs.settings import settings_of, shared_options
from spacedrive_ops import IndexerJob, IndexVerifyJob


@click.command()
@click.argument("path", type=PATH)
@click.option("--content", is_flag=True, help="Also read what each file holds, for duplicates and validation.")
@click.option("--deep", is_flag=True, help="As --content, and thumbnails and what media say of themselves.")
@click.option("--verify", is_flag=True, help="Compare the index with the disk, and change nothing.")
@click.option("--current", is_flag=True, help="Only what lies in the folder itself.")
@click.option("--skip-hidden", is_flag=True, help="Leave out names that begin with a dot.")
@click.option("--skip-development", is_flag=True, help="Leave out .git, node_modules, __pycache__ and the like.")
@click.option("--gitignore", is_flag=True, help="Leave out what .gitignore files name.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out more, as in a .gitignore; repeatable.")
@click.option("--replaced", is_flag=True, help="The folder was moved to another disk, or emptied, on purpose.")
@click.option("--quick", is_flag=True, help="Only folders whose own time has changed; misses edits inside files.")
@click.option("--watch", "watches", is_flag=True, help="Then stay, and index what changes as it does.")
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def index(
    context: click.Context,
    path: str,
    content: bool,
    deep: bool,
    verify: bool,
    current: bool,
    skip_hidden: bool,
    skip_development: bool,
    gitignore: bool,
    exclude: tuple[str, ...],
    replaced: bool,
    quick: bool,
    watches: bool,
    new: bool,
    priority: int | None,
    detach: bool,
) -> ExitCode:
    """Bring the library's index of a folder up to date: what is new, changed, moved and gone.

    The same command given again goes on where it stopped. Nothing is forgotten of a folder whose disk is not there.
    """
    root = absolute(path)
    if watches and (verify or current or detach):
        raise click.UsageError(
            "--watch stays and looks at all of the folder: not with --verify, --current or --detach."
        )
    if verify:
        check = IndexVerifyJob(
            root=root, hidden=skip_hidden, development=skip_development, gitignore=gitignore, exclude=exclude
        )
        return carry_out(context, FileWork(check, new=new, priority=priority), detach=detach)
    job = IndexerJob(
        root=root,
        mode="deep" if deep else "content" if content else "shallow",
        scope="current" if current else "recursive",
        hidden=skip_hidden,
        development=skip_development,
        gitignore=gitignore,
        exclude=exclude,
        replaced=replaced,
        quick=quick,
    )
    if watches:
        return asyncio.run(watch(settings_of(context), job))
    return carry_out(context, FileWork(job, new=new, priority=priority), detach=detach)
