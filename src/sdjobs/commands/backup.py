"""`sdjobs backup` and `sdjobs restore`."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import click

from sdjobs.commands.file_work import FileWork, absolute, carry_out, new_option, plan_option
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.given_paths import PATH
from sdjobs.settings import shared_options
from spacedrive_ops import BackupJob, BackupVerifyJob, RestoreJob

Taken: TypeAlias = Literal["skip", "overwrite", "rename"]
TAKEN: Final[tuple[Taken, ...]] = ("skip", "overwrite", "rename")


def address(text: str) -> str:
    """An address as any process can use it: a folder's path is made absolute."""
    return text if "://" in text else str(absolute(text))


@click.command()
@click.argument("locations", nargs=-1, type=PATH)
@click.argument("destination", type=PATH)
@click.option("--verify", is_flag=True, help="Read again all that DESTINATION holds, and back up nothing.")
@plan_option
@click.option("--no-thumbnails", is_flag=True, help="Make no thumbnails.")
@click.option("--no-library", is_flag=True, help="Leave out the job library's own databases.")
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def backup(
    context: click.Context, /, locations: tuple[str, ...], destination: str, verify: bool, **options: Any
) -> ExitCode:
    """Index LOCATIONS, make their thumbnails, and put what they hold into the backup at DESTINATION.

    DESTINATION is a folder, or an object store such as s3://bucket/name. Each backup can be restored as it was,
    whatever was backed up later; what did not change is kept once. With --verify, DESTINATION alone is given.
    """
    if verify:
        if locations or options["plan"]:
            raise click.UsageError("--verify takes the backup alone.", ctx=context)
        job: object = BackupVerifyJob(source=address(destination))
    else:
        if not locations:
            raise click.UsageError("Missing argument 'LOCATIONS...': what is to be backed up.", ctx=context)
        whole = BackupJob(
            locations=tuple(map(absolute, locations)),
            destination=address(destination),
            thumbnails=not options["no_thumbnails"],
            library=not options["no_library"],
        )
        job = whole.plan() if options["plan"] else whole
    return carry_out(context, FileWork(job, new=options["new"], priority=options["priority"]), detach=options["detach"])


@click.command()
@click.argument("source", type=PATH)
@click.argument("destination", type=PATH)
@click.option("--snapshot", metavar="ID", default="", help="Which backup; else the newest.")
@click.option("--location", "locations", multiple=True, metavar="NAME", help="Only this folder of it; repeatable.")
@click.option("--with-library", is_flag=True, help="Also the job library's databases, into the folder library.")
@click.option(
    "--on-conflict",
    type=click.Choice(TAKEN),
    default="skip",
    show_default=True,
    help="Where something else of that name is there.",
)
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def restore(context: click.Context, /, source: str, destination: str, **options: Any) -> ExitCode:
    """Bring back what the backup at SOURCE holds, each of its folders into DESTINATION under its name.

    Nothing that is there is touched unless --on-conflict says so. The same command given again goes on where it
    stopped.
    """
    job = RestoreJob(
        source=address(source),
        destination=absolute(destination),
        snapshot=options["snapshot"],
        on_conflict=options["on_conflict"],
        locations=options["locations"],
        library=options["with_library"],
    )
    return carry_out(context, FileWork(job, new=options["new"], priority=options["priority"]), detach=options["detach"])
