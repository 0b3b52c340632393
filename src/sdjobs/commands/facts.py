"""`sdjobs facts`: what pictures, films and sounds say of themselves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from sdjobs import foreground
from sdjobs.commands.file_work import FileWork, absolute
from sdjobs.commands.look import limit_option, path_json
from sdjobs.exit_codes import ExitCode
from sdjobs.given_paths import PATH
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import duration
from sdjobs.views.table import Cell, Column, print_table
from spacedrive_ops import LibraryIndex, MediaFacts, MediaMetadataJob, facts_below

COLUMNS: Final = (
    Column("TAKEN"),
    Column("SIZE", right=True),
    Column("LENGTH", right=True),
    Column("CAMERA"),
    Column("PLACE"),
    Column("PATH"),
)
REDOS: Final = ("missing", "failed", "all")

Found = Sequence[tuple[Path, MediaFacts | None]]


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--redo", type=click.Choice(REDOS), default="missing", show_default=True, help="Which files are read.")
@click.option("--known", is_flag=True, help="Only list what is known; read nothing anew.")
@click.option(
    "--between",
    nargs=2,
    type=click.DateTime(),
    metavar="FROM TO",
    help="Instead of PATHS: what was taken from FROM on and before TO, such as 2024-05-06.",
)
@click.option("--with-place", is_flag=True, help="Instead of PATHS: what tells where it was taken, the newest first.")
@limit_option
@shared_options()
@click.pass_context
def facts(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    between: tuple[datetime, datetime] | None,
    with_place: bool,
    limit: int,
    **options: Any,
) -> ExitCode:
    """Read what the pictures, films and sounds among PATHS say of themselves, and list it: time, size, camera, place.

    --between and --with-place ask the index, which knows the files of folders that were indexed with --content.
    """
    settings = settings_of(context)
    if [bool(paths), between is not None, with_place].count(True) != 1:
        raise click.UsageError("Give PATHS, or --between, or --with-place.")
    given = tuple(map(absolute, paths))
    code = ExitCode.DONE
    if given and not options["known"]:
        job = MediaMetadataJob(paths=given, redo=options["redo"])
        code = asyncio.run(foreground.run(FileWork(job), settings))
        if code not in (ExitCode.DONE, ExitCode.ITEM_ERRORS):
            return code
    _show(settings, asyncio.run(_found(settings, given, between, limit)))
    return code


async def _found(
    settings: Settings, paths: tuple[Path, ...], between: tuple[datetime, datetime] | None, limit: int
) -> Found:
    async with open_library(settings) as library:
        if paths:
            return await facts_below(library, paths, limit=limit)
        index = LibraryIndex(library.db)
        if between is not None:
            entries = await index.taken_between(*between, limit=limit)
        else:
            entries = await index.with_place(limit=limit)
        return [(one.path, await index.facts_of(one.digest or b"")) for one in entries]


def _show(settings: Settings, found: Found) -> None:
    if settings.json:
        settings.out.document(
            {"files": [{"path": path_json(os.fsencode(path)), "facts": _json(one)} for path, one in found]}
        )
    elif not found:
        settings.out.line("Nothing was found.")
    else:
        print_table(settings, COLUMNS, [_row(path, one) for path, one in found])


def _row(path: Path, facts: MediaFacts | None) -> tuple[Cell, ...]:
    if facts is None:
        return (*[Cell("")] * (len(COLUMNS) - 1), Cell(os.fspath(path)))
    place = facts.place
    return (
        Cell(f"{facts.taken:%Y-%m-%d %H:%M:%S}" if facts.taken is not None else ""),
        Cell(f"{facts.width} x {facts.height}" if facts.width is not None else ""),
        Cell(duration(facts.duration_ms / 1_000) if facts.duration_ms is not None else ""),
        Cell(facts.camera),
        Cell(f"{place.latitude:.5f}, {place.longitude:.5f}" if place is not None else ""),
        Cell(os.fspath(path)),
    )


def _json(facts: MediaFacts | None) -> object:
    return msgspec.to_builtins(facts)
