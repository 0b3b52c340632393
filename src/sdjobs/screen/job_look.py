"""One job on a screen of its own: what is read of it, part by part, only while that part is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from sdjobs.describe import plain_title, state_line, state_word
from sdjobs.libraries import runner_of_all
from sdjobs.reasons import read_reasons, sentences
from sdjobs.text import local_time, percent
from spacedrive_jobs import ItemInfo, JobEvent, JobId, JobInfo, JobStatus, JobSystem, LogLine, NoteInfo, QuestionInfo

PART_ROWS: Final = 100
MOST_ROWS: Final = 1_000
"""No list is shown longer; the command line has the rest."""


class Part(Enum):
    WHY = "Why"
    ITEMS = "Items"
    LOG = "Log"
    ATTEMPTS = "Attempts"
    CHILDREN = "Children"


COMMANDS: Final = {
    Part.WHY: "explain",
    Part.ITEMS: "items",
    Part.LOG: "logs",
    Part.ATTEMPTS: "show",
    Part.CHILDREN: "show",
}
"""The word after `sdjobs jobs` that tells the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a part, and what is said below it; `style` is a colour name for terminals."""

    text: str
    style: str = ""
    below: str = ""


@dataclass(frozen=True, slots=True)
class JobWindow:
    """Which part, how many of its rows, and of the items only those that failed."""

    part: Part = Part.WHY
    rows: int = PART_ROWS
    failed_only: bool = False

    def longer(self) -> JobWindow:
        return replace(self, rows=min(self.rows + PART_ROWS, MOST_ROWS))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLook:
    """`more`: the part has more rows than were asked for."""

    info: JobInfo
    attended: bool
    questions: tuple[QuestionInfo, ...]
    rows: tuple[Row, ...]
    more: bool


async def look_at_job(jobs: JobSystem, id_: JobId, window: JobWindow) -> JobLook:
    """Raises JobNotFound where it was deleted from the history."""
    info = await jobs.info(id_)
    rows, more = await _READERS[window.part](jobs, id_, window)
    return JobLook(
        info=info,
        attended=await runner_of_all(jobs) is not None,
        questions=() if info.status.is_terminal else (await jobs.questions(id_)).rows,
        rows=tuple(rows),
        more=more,
    )


async def _why(jobs: JobSystem, id_: JobId, _: JobWindow) -> tuple[list[Row], bool]:
    """What is said of it but its title, which stands above; then its warnings."""
    told = [Row(text) for text in list(sentences(await read_reasons(jobs, id_)))[1:]]
    notes = (await jobs.notes(id_, limit=PART_ROWS)).rows
    return [*told, *([Row("")] if notes else []), *map(_note, notes)], False


def _note(note: NoteInfo) -> Row:
    return Row(f"{local_time(note.at)}  {note.message}", "red" if note.level == "error" else "yellow")


async def _items(jobs: JobSystem, id_: JobId, window: JobWindow) -> tuple[list[Row], bool]:
    page = await jobs.items(id_, outcomes=["error"] if window.failed_only else None, limit=window.rows)
    return [_item(item) for item in page.rows], page.next is not None


_ITEM_STYLES: Final = {"ok": "", "skipped": "dim", "warning": "yellow", "error": "bold red"}


def _item(item: ItemInfo) -> Row:
    return Row(f"{item.outcome:<8}{item.item}", _ITEM_STYLES[item.outcome], item.reason)


async def _log(jobs: JobSystem, id_: JobId, window: JobWindow) -> tuple[list[Row], bool]:
    """The newest lines: that there were older ones is no reason to ask for more below."""
    return [_log_line(line) for line in await jobs.logs(id_, limit=window.rows)], False


def _log_line(line: LogLine) -> Row:
    return Row(f"{local_time(line.at)}  {line.message}")


async def _attempts(jobs: JobSystem, id_: JobId, _: JobWindow) -> tuple[list[Row], bool]:
    ended = [
        Row(f"Attempt {one.attempt} ended {local_time(one.ended_at)}: {one.outcome}", "yellow", one.reason)
        for one in await jobs.attempts(id_)
    ]
    events = [_event(event) for event in await jobs.events(id_)]
    return [*ended, *([Row("")] if ended else []), *events[-MOST_ROWS:]], False


def _event(event: JobEvent) -> Row:
    return Row(f"{local_time(event.at)}  {state_line(event.status, event.request, event.reason)}")


async def _children(jobs: JobSystem, id_: JobId, window: JobWindow) -> tuple[list[Row], bool]:
    children = await jobs.children(id_)
    return [_child(child) for child in children[: window.rows]], len(children) > window.rows


def _child(child: JobInfo) -> Row:
    fraction = child.view.fraction
    done = f" {percent(fraction)}" if child.status is JobStatus.RUNNING and fraction is not None else ""
    return Row(f"{child.id.short}  {state_word(child.status, child.request)}{done}  {plain_title(child)}")


_READERS: Final[dict[Part, Callable[[JobSystem, JobId, JobWindow], Awaitable[tuple[list[Row], bool]]]]] = {
    Part.WHY: _why,
    Part.ITEMS: _items,
    Part.LOG: _log,
    Part.ATTEMPTS: _attempts,
    Part.CHILDREN: _children,
}
