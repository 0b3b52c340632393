"""`sdjobs search`, `largest` and `recent`: what the index knows."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import click

from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.settings import settings_of, shared_options
from sdjobs.text import local_time, shown_path, size
from sdjobs.views.table import Cell, Column, print_table
from spacedrive_ops import IndexedEntry, LibraryIndex

COLUMNS: Final = (Column("SIZE", right=True), Column("MODIFIED"), Column("PATH"))
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many."
)


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
    return _list(context, lambda index: index.largest(limit=limit), "The index is empty: sdjobs index PATH fills it.")


@click.command()
@limit_option
@shared_options()
@click.pass_context
def recent(context: click.Context, limit: int) -> ExitCode:
    """List the files of the index that were modified last."""
    return _list(context, lambda index: index.recent(limit=limit), "The index is empty: sdjobs index PATH fills it.")


def _list(
    context: click.Context, ask: Callable[[LibraryIndex], Awaitable[Sequence[IndexedEntry]]], nothing: str
) -> ExitCode:
    settings = settings_of(context)

    async def found() -> Sequence[IndexedEntry]:
        async with open_library(settings) as library:
            return await ask(LibraryIndex(library.db))

    entries = asyncio.run(found())
    if settings.json:
        settings.out.document({"entries": [_json(entry) for entry in entries]})
    elif not entries:
        settings.out.line(nothing)
    else:
        rows = [(Cell(size(one.size)), Cell(_time(one)), Cell(shown_path(one.path))) for one in entries]
        print_table(settings, COLUMNS, rows)
    return ExitCode.DONE


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
