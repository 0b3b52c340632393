"""`sdjobs duplicates`: find them, list them, say what would be done to them, and do it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sdjobs import foreground
from sdjobs.commands.file_work import FileWork, absolute, carry_out, new_option
from sdjobs.commands.filter_options import YES_OPTION, confirm
from sdjobs.commands.look import limit_option, path_json
from sdjobs.commands.options import BYTES, detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.given_paths import PATH
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import counted, shown_path, size
from spacedrive_ops import (
    ACTIONS,
    KEEPS,
    DeduplicateJob,
    DuplicateGroup,
    DuplicatesJob,
    IndexedEntry,
    LibraryIndex,
    Pair,
    plan_deduplication,
)


@click.command()
@click.argument("path", required=False, type=PATH)
@limit_option
@click.option("--least", type=BYTES, default=1, show_default=True, help="Smallest size, in bytes.")
@click.option("--known", is_flag=True, help="Go by what is known; read no files to find more.")
@click.option("--action", type=click.Choice(ACTIONS), help="What to do to all files of a group but one.")
@click.option("--plan", is_flag=True, help="Only list what --action would do.")
@click.option("--keep", type=click.Choice(KEEPS), default="oldest", show_default=True, help="Which file stays.")
@click.option("--prefer", multiple=True, type=PATH, help="A folder whose files rather stay; repeatable.")
@click.option("--lose-metadata", is_flag=True, help="Link also where an owner, mode or attributes are lost with it.")
@YES_OPTION
@new_option
@priority_option
@detach_option
@shared_options()
@click.pass_context
def duplicates(context: click.Context, /, path: str | None, plan: bool, yes: bool, **options: Any) -> ExitCode:
    """Find indexed files that hold the same bytes, and list them, the most wasteful first.

    PATH: an indexed folder, if its files alone are to be compared. With --action one file of each group stays, and
    each of the others is compared with it once more, byte by byte, and then shares its blocks, becomes a hard link to
    it, or goes to the trash.
    """
    settings = settings_of(context)
    root = absolute(path) if path is not None else None
    action = options["action"]
    if action is None and (plan or options["prefer"] or options["lose_metadata"]):
        raise click.UsageError("--plan, --prefer and --lose-metadata are of use with --action alone.", ctx=context)
    code = ExitCode.DONE
    if not options["known"]:
        search = FileWork(DuplicatesJob(least=options["least"], root=root), makes_library=False)
        code = asyncio.run(foreground.run(search, settings))
        if code not in (ExitCode.DONE, ExitCode.ITEM_ERRORS):
            return code
    if action is None:
        asyncio.run(_list_groups(settings, options["limit"], options["least"], root))
        return code
    job = DeduplicateJob(
        action=action,
        keep=options["keep"],
        prefer=tuple(map(absolute, options["prefer"])),
        root=root,
        least=options["least"],
        lose_metadata=options["lose_metadata"],
    )
    if plan:
        asyncio.run(_list_plan(settings, job, options["limit"]))
        return code
    if action == "hardlink":
        _ask(settings, yes)
    work = FileWork(job, new=options["new"], priority=options["priority"], makes_library=False)
    return carry_out(context, work, detach=options["detach"]) or code


def _ask(settings: Settings, yes: bool) -> None:
    """Files that have become one cannot be told apart again."""
    if not yes and not sys.stdin.isatty():
        raise Refusal(
            "Hard links were not confirmed: whoever edits one of the names afterwards edits them all.",
            advice="Nothing was changed. Add --yes if it is meant.",
        )
    confirm(settings, "Make hard links? Whoever edits one of the names afterwards edits them all.", yes)


async def _list_groups(settings: Settings, limit: int, least: int, root: Path | None) -> None:
    async with open_library(settings) as library:
        index = LibraryIndex(library.db)
        groups = await index.duplicates(least=least, limit=limit, root=root)
        files = [await index.files_of(group.digest, root=root) for group in groups]
    if settings.json:
        settings.out.document({"groups": [_group_json(*pair) for pair in zip(groups, files, strict=True)]})
        return
    for group, inside in zip(groups, files, strict=True):
        settings.out.line(f"{counted(group.count, 'file')} of {size(group.size)}, {size(group.wasted)} could be saved:")
        for entry in inside:
            settings.out.line(f"  {shown_path(entry.path)}")
    if not groups:
        settings.out.line("No two indexed files are known to hold the same bytes.")


async def _list_plan(settings: Settings, job: DeduplicateJob, limit: int) -> None:
    """The first of them, and how many there are in all."""
    shown: list[Pair] = []
    count = total = 0
    async with open_library(settings) as library:
        async for pair in plan_deduplication(library.db, job.rule):
            count += 1
            total += pair.doomed.size
            if len(shown) < limit:
                shown.append(pair)
    if settings.json:
        plan = [_pair_json(pair) for pair in shown]
        settings.out.document({"action": job.action, "plan": plan, "count": count, "size": total})
        return
    kept = b""
    for pair in shown:
        if pair.kept.path != kept:
            kept = pair.kept.path
            settings.out.line(f"keep {shown_path(kept)} ({size(pair.kept.size)})")
        settings.out.line(f"  {job.action} {shown_path(pair.doomed.path)}")
    if count > len(shown):
        settings.out.line(f"and {count - len(shown):,} more: --limit shows more of them.")
    settings.out.line(f"{counted(count, 'file')}, {size(total)}. Nothing was changed.")


def _group_json(group: DuplicateGroup, files: Sequence[IndexedEntry]) -> dict[str, object]:
    return {
        "digest": group.digest.hex(),
        "size": group.size,
        "count": group.count,
        "wasted": group.wasted,
        "files": [path_json(os.fsencode(entry.path)) for entry in files],
    }


def _pair_json(pair: Pair) -> dict[str, object]:
    return {"keep": path_json(pair.kept.path), "path": path_json(pair.doomed.path), "size": pair.doomed.size}
