"""Conflicts that a person decides: remembered while the rest is copied, asked together, settled by further jobs."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from spacedrive_jobs import JobContext
from spacedrive_ops.file_copy.item import Item
from spacedrive_ops.file_copy.model import CopyState

Answer: TypeAlias = Literal["skip", "overwrite", "rename", "newer"]

ANSWERS: Final[tuple[Answer, ...]] = ("skip", "overwrite", "rename", "newer")
TOPIC: Final = "conflicts"
MOST_SOURCES: Final = 500
"""Of one job, so that its arguments stay far below their limit."""


class Conflict(msgspec.Struct, frozen=True):
    """A source, and what it would replace."""

    source: bytes
    target: bytes
    size: int


class Group(msgspec.Struct, frozen=True):
    """Conflicts with one answer that one job can settle: into one folder, or a single one under another name."""

    answer: Answer
    destination: bytes
    conflicts: tuple[Conflict, ...]


def remember(ctx: JobContext[CopyState], number: int, item: Item) -> int:
    """Keep one in a row; how many there are then."""
    target = item.folder.target_path(item.target_name)
    ctx.keep(_key(number), b"\0".join((item.path, target, str(item.size).encode())))
    return number + 1


async def remembered(ctx: JobContext[CopyState], count: int) -> list[Conflict]:
    found: list[Conflict] = []
    for number in range(count):
        row = await ctx.kept(_key(number))
        if row is not None:
            source, target, size = row.split(b"\0")
            found.append(Conflict(source, target, int(size)))
    return found


def _key(number: int) -> bytes:
    return b"conflict %d" % number


async def ask(ctx: JobContext[CopyState], conflicts: Sequence[Conflict]) -> Mapping[Conflict, Answer]:
    """What a person says of each; holds no slot, and may take days."""
    keys = {f"conflict {number}": conflict for number, conflict in enumerate(conflicts)}
    questions = {key: f"{_shown(conflict.target)} exists already. Replace it?" for key, conflict in keys.items()}
    answers = await ctx.ask_all(questions, choices=ANSWERS, topic=TOPIC)
    return {conflict: answers[key] for key, conflict in keys.items()}


def _shown(path: bytes) -> str:
    return os.fsdecode(path).encode("utf-8", "backslashreplace").decode()


def groups(answers: Mapping[Conflict, Answer]) -> list[Group]:
    """What is to be done, in a fixed order: an attempt that runs again must ask for the same jobs."""
    by_place: defaultdict[tuple[Answer, bytes], list[Conflict]] = defaultdict(list)
    for conflict, answer in answers.items():
        if answer == "skip":
            continue
        folder, name = os.path.split(conflict.target)
        same_name = name == os.path.basename(conflict.source)
        by_place[answer, folder if same_name else conflict.target].append(conflict)
    return [
        Group(answer, destination, tuple(found[start : start + MOST_SOURCES]))
        for (answer, destination), found in by_place.items()
        for start in range(0, len(found), MOST_SOURCES)
    ]


def paths(conflicts: Sequence[Conflict]) -> tuple[Path, ...]:
    return tuple(Path(os.fsdecode(conflict.source)) for conflict in conflicts)
