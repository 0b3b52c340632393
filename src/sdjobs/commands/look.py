"""`sdjobs search`, `list`, `largest`, `recent`, `stale` and `kinds`: what the index knows."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import click

from sdjobs.commands.file_work import absolute
from sdjobs.commands.options import COUNT
from sdjobs.exit_codes import ExitCode
from sdjobs.given_paths import PATH
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import local_time, shown_path, size
from sdjobs.views.table import Cell, Column, print_table
from spacedrive_ops import IndexedEntry, LibraryIndex

T = TypeVar("T")

COLUMNS: Final = (Column("SIZE", right=True), Column("MODIFIED"), Column("PATH"))
KIND_COLUMNS: Final = (Column("KIND"), Column("FILES", right=True), Column("SIZE", right=True))
EMPTY: Final = "The index is empty: sdjobs index PATH fills it."
limit_option = click.option("--limit", type=COUNT, default=50, show_default=True, help="At most so many.")


@click.command()
@click.argument("words", nargs=-1, required=True)
@limit_option
@shared_options()
@click.pass_context
def search(context: click.Context, words: tuple[str, ...], limit: int) -> ExitCode:
    """List indexed files and folders whose names have words that begin with WORDS."""
    text = " ".join(words)
    return _list(context, lambda index: index.search(text, limit=limit), f"Nothing in the index is called {text!r}.")


@click.command()
@limit_option
@shared_options()
@click.pass_context
def largest(context: click.Context, limit: int) -> ExitCode:
    """List the largest files of the index."""
    return _list(context, lambda index: index.largest(limit=limit), EMPTY)


@click.command()
@limit_option
@shared_options()
@click.pass_context
def recent(context: click.Context, limit: int) -> ExitCode:
    """List the files of the index that were modified last."""
    return _list(context, lambda index: index.recent(limit=limit), EMPTY)


@click.command()
@limit_option
@shared_options()
@click.pass_context
def stale(context: click.Context, limit: int) -> ExitCode:
    """List the files of the index that were not modified for longest."""
    return _list(context, lambda index: index.stale(limit=limit), EMPTY)


@click.command("list")
@click.argument("folder", type=PATH)
@limit_option
@shared_options()
@click.pass_context
def list_folder(context: click.Context, folder: str, limit: int) -> ExitCode:
    """List what the index has in FOLDER, by name. The disk is not looked at."""
    path = absolute(folder)
    nothing = f"The index has nothing in {shown_path(path)}: it is empty, or not indexed."
    return _list(context, lambda index: index.list(path, limit=limit), nothing)


@click.command()
@shared_options()
@click.pass_context
def kinds(context: click.Context) -> ExitCode:
    """Tell how many files of each kind the index has, and how large they are together."""
    settings = settings_of(context)
    found = asyncio.run(_ask(settings, LibraryIndex.by_category))
    if settings.json:
        told = [
            {"category": one.name.lower(), "files": files, "size": bytes_} for one, (files, bytes_) in found.items()
        ]
        settings.out.document({"categories": told})
    elif not found:
        settings.out.line(EMPTY)
    else:
        rows = [
            (Cell(one.name.lower()), Cell(f"{files:,}"), Cell(size(bytes_))) for one, (files, bytes_) in found.items()
        ]
        print_table(settings, KIND_COLUMNS, rows)
    return ExitCode.DONE


def _list(
    context: click.Context, ask: Callable[[LibraryIndex], Awaitable[Sequence[IndexedEntry]]], nothing: str
) -> ExitCode:
    settings = settings_of(context)
    entries = asyncio.run(_ask(settings, ask))
    if settings.json:
        settings.out.document({"entries": [_json(entry) for entry in entries]})
    elif not entries:
        settings.out.line(nothing)
    else:
        rows = [(Cell(size(one.size)), Cell(_time(one)), Cell(shown_path(one.path))) for one in entries]
        print_table(settings, COLUMNS, rows)
    return ExitCode.DONE


async def _ask(settings: Settings, ask: Callable[[LibraryIndex], Awaitable[T]]) -> T:
    async with open_library(settings) as library:
        return await ask(LibraryIndex(library.db))


def _time(entry: IndexedEntry) -> str:
    try:
        return local_time(datetime.fromtimestamp(entry.modified_ns / 1e9).astimezone())
    except (OverflowError, ValueError, OSError):
        return "?"


def _json(entry: IndexedEntry) -> dict[str, object]:
    return {
        "path": path_json(os.fsencode(entry.path)),
        "name": entry.name,
        "kind": entry.kind.name.lower(),
        "category": entry.category.name.lower(),
        "size": entry.size,
        "modified_ns": entry.modified_ns,
        "digest": entry.digest.hex() if entry.digest is not None else None,
    }


def path_json(raw: bytes) -> object:
    """As the exact bytes where the path is no text."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(raw).decode()}
