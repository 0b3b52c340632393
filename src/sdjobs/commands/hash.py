"""`sdjobs hash`."""

from __future__ import annotations

from typing import Any

import click

from sdjobs.commands.file_work import FileWork, absolute, carry_out, new_option
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.given_paths import PATH
from sdjobs.settings import shared_options
from spacedrive_ops import HashCheckJob, HashJob


@click.command(name="hash")
@click.argument("paths", nargs=-1, required=True, type=PATH)
@click.option("--output", "-o", type=PATH, metavar="MANIFEST", help="Write the digests to this file.")
@click.option("--overwrite", is_flag=True, help="Also if the manifest is there already.")
@click.option("--check", is_flag=True, help="PATHS is a manifest: compare the files that it names.")
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def hash_files(
    context: click.Context, /, paths: tuple[str, ...], output: str | None, overwrite: bool, check: bool, **options: Any
) -> ExitCode:
    """Hash files and folders (BLAKE3), into a manifest that b3sum --check takes, or into the library's index.

    Without --output the digests of those files go into the index that are in it.
    """
    if overwrite and output is None:
        raise click.UsageError("--overwrite is of use with --output alone.", ctx=context)
    if check and (output is not None or len(paths) != 1):
        raise click.UsageError("--check takes one manifest, and no --output.", ctx=context)
    job: object
    if check:
        job = HashCheckJob(manifest=absolute(paths[0]))
    else:
        manifest = absolute(output) if output is not None else None
        job = HashJob(paths=tuple(map(absolute, paths)), manifest=manifest, overwrite=overwrite)
    work = FileWork(job, new=options["new"], priority=options["priority"])
    return carry_out(context, work, detach=options["detach"])
