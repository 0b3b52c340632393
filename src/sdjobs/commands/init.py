"""`sdjobs init`."""

from __future__ import annotations

import asyncio

import click

from sdjobs.exit_codes import ExitCode
from sdjobs.given_paths import PATH
from sdjobs.settings import Settings, settings_of, shared_options


@click.command()
@click.argument("directory", required=False, type=PATH)
@shared_options()
@click.pass_context
def init(context: click.Context, directory: str | None) -> ExitCode:
    """Make a library: the folder in which jobs are kept.

    DIRECTORY is where; without it --library, SDJOBS_LIBRARY, or your data folder. The default library is made by the
    first copy, move or run as well.
    """
    settings = settings_of(context)
    if directory:
        settings.named_library = directory
    return asyncio.run(_init(settings))


async def _init(settings: Settings) -> ExitCode:
    from sdjobs.libraries import make_library

    made = await make_library(settings)
    if settings.json:
        settings.out.document({"library": str(settings.library), "created": made})
    elif made:
        settings.out.line(f"Made a library at {settings.library}")
    else:
        settings.out.line(f"There is a library at {settings.library} already")
    return ExitCode.DONE
