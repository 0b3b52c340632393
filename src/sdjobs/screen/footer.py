"""The last lines of the screen: what was done, how it is typed, and which keys there are now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rich.text import Text

from sdjobs.screen.board import AskedEntry, Entry, JobEntry, MoreEntry, TroubleEntry
from sdjobs.screen.deeds import KEYS, verb_of, word_of
from sdjobs.screen.sheet import Sheet
from spacedrive_jobs import JobInfo

Key: TypeAlias = tuple[str, str]
"""A key, and what it does."""

ALWAYS: Final[tuple[Key, ...]] = (("/", "Find"), ("P", "Pause all"), ("?", "Help"), ("q", "Quit"))


@dataclass(frozen=True, slots=True)
class Notice:
    """`failed`: it could not be done. `can_undo`: `u` takes it back."""

    said: str = ""
    failed: bool = False
    can_undo: bool = False


def footer(notice: Notice, command: str, keys: Sequence[Key], sheet: Sheet) -> list[Text]:
    """`command`: how it is typed, of what was done last or else of a look at what is chosen."""
    said = f"{notice.said} (u takes it back)" if notice.can_undo else notice.said
    return [
        sheet.line(said, "bold red" if notice.failed else "green"),
        *typed_lines(command, sheet),
        keys_line(keys, sheet),
    ]


def typed_lines(command: str, sheet: Sheet) -> list[Text]:
    """Whole wherever it can be: it is there to be copied."""
    return sheet.wrapped(f"$ {command}" if command else "", "dim", most=3)


def keys_line(keys: Sequence[Key], sheet: Sheet) -> Text:
    """As many as there is room for; the last two are always there."""
    first, last = list(keys[:-2]), list(keys[-2:])
    while first and _keys([*first, *last]).cell_len > sheet.width:
        first.pop()
    line = _keys([*first, *last])
    line.truncate(sheet.width)
    return line


def _keys(keys: Iterable[Key]) -> Text:
    line = Text()
    for key, word in keys:
        line.append("  " if line else "").append(key, "bold").append(f" {word}")
    return line


def keys_of(entry: Entry | None) -> list[Key]:
    """What can be done with what is chosen, and what can always be done."""
    match entry:
        case JobEntry(_, info):
            return [("Enter", "Open"), *job_keys(info), *ALWAYS]
        case AskedEntry():
            return [("a", "Answer"), ("Enter", "Open"), *ALWAYS]
        case MoreEntry(full=False):
            return [("Enter", "Show more"), *ALWAYS]
        case TroubleEntry(mends=deed) if deed is not None:
            return [("p", "Go on"), *ALWAYS]
        case _:
            return [*ALWAYS]


def job_keys(info: JobInfo) -> list[Key]:
    keys: list[Key] = []
    for key in KEYS:
        verb = verb_of(key, info)
        if verb is not None:
            keys.append((key, word_of(verb, info)))
    return keys


def look_at(entry: Entry | None) -> tuple[str, ...]:
    """The words after `sdjobs` that show what is chosen, or mend it."""
    match entry:
        case JobEntry(_, info):
            return ("jobs", "show", info.id.short)
        case AskedEntry(asked):
            return ("jobs", "explain", asked.job.short)
        case TroubleEntry(command=words):
            return words
        case _:
            return ("jobs", "list")
