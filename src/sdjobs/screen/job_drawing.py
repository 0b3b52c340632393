"""One job's own screen as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from sdjobs.describe import items_amount, plain_title, state_word, took, trouble, why
from sdjobs.screen.drawing import progress_lines, step_of
from sdjobs.screen.footer import Key, job_keys
from sdjobs.screen.job_look import JobLook, JobWindow, Part
from sdjobs.screen.sheet import Sheet, sentence
from spacedrive_jobs import JobInfo, JobStatus

EMPTY: Final = {
    Part.WHY: "There is nothing to say.",
    Part.ITEMS: "It has recorded no items.",
    Part.LOG: "It has logged nothing.",
    Part.ATTEMPTS: "It has not run yet.",
    Part.CHILDREN: "It has no children.",
}
HEIGHT: Final = 6
"""Lines of `job_header`."""


def job_header(look: JobLook | None, window: JobWindow, sheet: Sheet) -> list[Text]:
    """What it is, how it is, how far, and its parts with the one that is shown."""
    if look is None:
        return [sheet.line("Looking at the job.", "bold"), *[Text()] * (HEIGHT - 1)]
    info = look.info
    title = Text(sheet.cut(plain_title(info), sheet.width), "bold")
    shows_bar = info.status is JobStatus.RUNNING or info.view.fraction is not None
    bar = progress_lines(info, sheet) if shows_bar else [Text(), Text()]
    if info.status is not JobStatus.RUNNING:  # why it does not run is said above
        bar[1] = sheet.line(items_amount(info.view), "dim")
    state = sheet.sides(_state(look, sheet), Text(step_of(info), "dim"))
    rule = Text(sheet.glyphs.rest * sheet.width, "dim")
    return [sheet.sides(title, Text(info.id.short, "dim")), state, *bar, _parts(window, sheet), rule]


def _state(look: JobLook, sheet: Sheet) -> Text:
    info = look.info
    reason = why(info, attended=look.attended) or trouble(info)
    spent = took(info, sheet.now) if info.status is not JobStatus.QUEUED else ""
    words = [sentence(state_word(info.status, info.request)).rstrip("."), f" for {spent}" if _goes_on(info) else ""]
    told = "".join(words) if spent else words[0]
    return Text(sheet.cut(f"{told}: {reason}" if reason else told, sheet.width), "bold red" if _failed(info) else "")


def _goes_on(info: JobInfo) -> bool:
    return info.status is JobStatus.RUNNING


def _failed(info: JobInfo) -> bool:
    return info.status is JobStatus.FAILED


def _parts(window: JobWindow, sheet: Sheet) -> Text:
    line = Text()
    for number, part in enumerate(Part, 1):
        chosen = part is window.part
        name = f"{number} {part.value}" if sheet.is_wide or chosen else str(number)
        line.append(f" {name} ", "reverse" if chosen else "").append(" ")
    if window.part is Part.ITEMS and window.failed_only:
        line.append("only what failed", "yellow")
    line.truncate(sheet.width)
    return line


def job_lines(look: JobLook, window: JobWindow, sheet: Sheet) -> list[Text]:
    """All lines of the part that is shown."""
    lines: list[Text] = []
    for row in look.rows:
        lines += sheet.wrapped(row.text, row.style) if row.text else [Text()]
        if row.below:
            lines += sheet.wrapped(row.below, "dim", indent=8)
    if look.more:
        lines.append(sheet.line("And more: go on down.", "dim"))
    return lines or [sheet.line(EMPTY[window.part], "dim")]


def screen_keys(look: JobLook | None, window: JobWindow) -> Sequence[Key]:
    if look is None:
        return [("Esc", "Back"), ("q", "Quit")]
    keys = [("Esc", "Back"), ("Tab", "Next part"), *job_keys(look.info)]
    if look.questions:
        keys.append(("a", "Answer"))
    if window.part is Part.ITEMS:
        keys.append(("e", "All items" if window.failed_only else "Only what failed"))
    return [*keys, ("?", "Help"), ("q", "Quit")]
