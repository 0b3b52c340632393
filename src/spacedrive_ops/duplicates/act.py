"""Acting on one file of a plan, after a fresh comparison of all its bytes with those of the kept one. Blocking."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from spacedrive_jobs import failpoint
from spacedrive_ops.content.digest import Stopped
from spacedrive_ops.duplicates.linking import differences, link_to_kept, recover
from spacedrive_ops.duplicates.opened import LeftAlone, Opened, hold_same_bytes
from spacedrive_ops.duplicates.rules import Action
from spacedrive_ops.duplicates.sharing import share_all_already, share_blocks
from spacedrive_ops.file_delete.errors import in_words
from spacedrive_ops.file_delete.model import Failure, roots_of
from spacedrive_ops.file_delete.trash import NoTrash, Trash
from spacedrive_ops.folders import open_path
from spacedrive_ops.library_index.copies import Copy, Planned
from spacedrive_ops.whole_files.partial import prefix_of

Ending: TypeAlias = Literal["done", "skipped", "failed"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of a file. `saved`: the bytes that are no longer taken up twice; in the trash they still are."""

    ending: Ending
    reason: str = ""
    saved: int = 0


class Means(msgspec.Struct, frozen=True):
    """How files are acted on. `lose_metadata`: also where another owner, mode or attributes go with a file. `resumed`:
    an earlier attempt may have acted on some and died before it could say so."""

    action: Action
    lose_metadata: bool
    resumed: bool
    job: str
    trash: Trash
    check_claim: Callable[[], None]
    interrupted: Callable[[], bool]


def act(planned: Planned, means: Means) -> Outcome | None:
    """Act on one file, or say why not; None where an interruption came first. Raises AttemptEnded."""
    try:
        if means.action == "hardlink" and recover_planned(planned, means.job):
            return Outcome("done", saved=planned.doomed.size)
        with _opened_kept(planned.kept) as kept, Opened(planned.doomed) as doomed:
            return _act(planned, kept, doomed, means)
    except Stopped:
        return None
    except LeftAlone as left:
        return Outcome("skipped", str(left))
    except NoTrash as problem:
        return Outcome("failed", str(problem))
    except FileNotFoundError:
        if means.action == "trash" and means.resumed:
            return Outcome("done", saved=planned.doomed.size // planned.names)
        return Outcome("skipped", "is no longer there")
    except OSError as error:
        return Outcome("failed", f"cannot be replaced or removed: {in_words(error)}")


def recover_planned(planned: Planned, job: str) -> bool:
    """Take up what a killed process left of the work on one file; whether it is done. Raises OSError, LeftAlone."""
    folder, name = os.path.split(planned.doomed.path)
    opened = open_path(folder)
    try:
        return recover(opened, os.fsdecode(name), _hidden(job, planned), planned.kept.inode)
    finally:
        os.close(opened)


def _hidden(job: str, planned: Planned) -> str:
    """The same in every attempt, and a partial's: nothing indexes or copies it."""
    return f"{prefix_of(job)}{planned.number}-1.part"


def _opened_kept(kept: Copy) -> Opened:
    shown = os.fsdecode(kept.path)
    try:
        opened = Opened(kept)
    except FileNotFoundError as error:
        raise LeftAlone(f"is left alone: {shown} is no longer there") from error
    if not opened.is_as_planned(kept):
        opened.close()
        raise LeftAlone(f"is left alone: {shown} was changed since it was indexed; index it again")
    return opened


def _act(planned: Planned, kept: Opened, doomed: Opened, means: Means) -> Outcome:
    if doomed.identity == kept.identity:
        if means.action == "hardlink" and means.resumed and planned.doomed.inode != planned.kept.inode:
            return Outcome("done")  # by an attempt that died before it could say so
        raise LeftAlone(f"is one file with {os.fsdecode(kept.path)} already")
    kept.lock()
    doomed.lock()
    if not doomed.is_as_planned(planned.doomed):
        raise LeftAlone("was changed since it was indexed; index it again")
    if means.action == "reflink":
        return _share(kept, doomed, means)
    _check_names(planned, doomed)
    if means.action == "hardlink":
        _check_metadata(kept, doomed, means)
    if not hold_same_bytes(kept, doomed, means.interrupted):
        raise LeftAlone(f"does not hold the same bytes as {os.fsdecode(kept.path)} any more")
    failpoint.hit("deduplicate.compared")
    if means.action == "hardlink":
        link_to_kept(kept, doomed, _hidden(means.job, planned), means.check_claim)
        return Outcome("done", saved=doomed.status.st_size if doomed.status.st_nlink == 1 else 0)
    _put_into_trash(kept, doomed, means)
    return Outcome("done", saved=doomed.status.st_size // planned.names)


def _share(kept: Opened, doomed: Opened, means: Means) -> Outcome:
    if share_all_already(kept, doomed):
        raise LeftAlone(f"shares its blocks with {os.fsdecode(kept.path)} already")
    share_blocks(kept, doomed, means.interrupted)
    failpoint.hit("deduplicate.shared")
    os.fsync(doomed.fd)
    return Outcome("done", saved=doomed.status.st_size)


def _check_names(planned: Planned, doomed: Opened) -> None:
    """A file of which the plan has not all names would go on under the others, apart from this one."""
    if doomed.status.st_nlink > planned.names:
        raise LeftAlone(f"has {doomed.status.st_nlink} names (hard links), and the plan has {planned.names} of them")


def _check_metadata(kept: Opened, doomed: Opened, means: Means) -> None:
    if not means.lose_metadata and (what := differences(kept, doomed)):
        raise LeftAlone(
            f"has another {what} than {os.fsdecode(kept.path)}, which a hard link would lose: "
            "allow that, or let them share blocks (reflink)"
        )


def _put_into_trash(kept: Opened, doomed: Opened, means: Means) -> None:
    os.fsync(kept.fd)
    if not kept.has_its_name():
        raise LeftAlone(f"is left alone: {os.fsdecode(kept.path)} is no longer there")
    if not (kept.is_untouched() and doomed.is_untouched() and doomed.has_its_name()):
        raise LeftAlone("was changed while it was compared")
    (root,) = roots_of([Path(os.fsdecode(doomed.path))])
    outcome = means.trash.move(root)
    if isinstance(outcome, Failure):
        raise NoTrash(outcome.reason)
    os.fsync(doomed.folder)
