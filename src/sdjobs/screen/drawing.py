"""The first screen as lines: what needs somebody, what runs, what waits and what has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from sdjobs.describe import brief_title, plain_title, queue_sentence, state_word, took, trouble, why
from sdjobs.screen.board import AskedEntry, Board, Entry, JobEntry, MoreEntry, Section, TroubleEntry
from sdjobs.screen.looking import Look
from sdjobs.screen.sheet import Sheet, clipped, sentence, tidy
from sdjobs.text import age, counted, size
from sdjobs.views.bar import first_line, second_line
from sdjobs.views.plot import sparkline
from sdjobs.views.snapshot import Snapshot
from spacedrive_jobs import GenericProgress, JobInfo, JobStatus

MARGIN: Final = 3
"""Columns before each row: the sign of the chosen one, and the sign of how a job ended."""
POINTS: Final = 30
NOTHING: Final = {Section.RUNNING: "Nothing runs now.", Section.WAITING: "Nothing waits.", Section.HISTORY: "Nothing."}


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. `place`: of the entry that they show, None for headings."""

    place: int | None
    height: int
    draw: Callable[[], Sequence[Text]]


def header(board: Board, speeds: Sequence[float], sheet: Sheet, name: str) -> list[Text]:
    """What goes on, how fast, and how much room is left. `speeds`: bytes a second, the newest last."""
    look = board.look
    if look is None:
        return [sheet.line("Looking at the library.", "bold"), Text(), _rule(sheet)]
    paused = None in look.paused
    said = queue_sentence(look.counts, everything_paused=paused, attended=look.attended, full=look.full)
    facts = _facts(look, speeds, sheet)
    if board.window.text:
        facts = sheet.line(f"Only jobs that say: {board.window.text} (Esc shows all)", "yellow")
    title = Text(sheet.cut(said, sheet.width), "bold")
    beside = Text(sheet.cut(name, sheet.width // 3) if sheet.is_wide else "", "dim")
    return [sheet.sides(title, beside), facts, _rule(sheet)]


def _facts(look: Look, speeds: Sequence[float], sheet: Sheet) -> Text:
    speed = speeds[-1] if speeds else 0.0
    moved = Text(f"{size(speed)}/s" if speed else "No data moves now", "cyan" if speed else "dim")
    if sheet.is_wide and any(speeds):
        moved = Text.assemble((sparkline(speeds[-POINTS:], draws_unicode=sheet.draws_unicode), "cyan"), " ", moved)
    if look.disk is None:
        return clipped(moved, sheet.width)
    scarce = look.disk.free < max(look.disk.total * 0.02, 200e6)
    free = Text(f"{size(look.disk.free)} free", "bold red" if scarce else "")
    return sheet.sides(moved, free)


def _rule(sheet: Sheet) -> Text:
    return Text(sheet.glyphs.rest * sheet.width, "dim")


def body(board: Board, sheet: Sheet, height: int, top: int) -> tuple[list[Text], int]:
    """The lines that are seen, and the first of them among all: so that what is chosen is seen, and its heading too."""
    blocks = list(blocks_of(board, sheet))
    starts: list[int] = []
    line = 0
    for block in blocks:
        starts.append(line)
        line += block.height
    top = _scrolled(board, blocks, starts, height, min(top, max(line - height, 0)))
    lines: list[Text] = []
    for start, block in zip(starts, blocks, strict=True):
        if start + block.height > top and start < top + height:
            seen = list(block.draw())[max(top - start, 0) : top + height - start]
            lines += [clipped(line, sheet.width) for line in seen]
    return lines, top


def _scrolled(board: Board, blocks: Sequence[Block], starts: Sequence[int], height: int, top: int) -> int:
    for number, block in enumerate(blocks):
        if block.place == board.place:
            first = starts[number]
            while number and blocks[number - 1].place is None:
                number -= 1
            heading = starts[number]
            return max(min(top, heading), first + block.height - height, 0)
    return 0


def blocks_of(board: Board, sheet: Sheet) -> Iterator[Block]:
    """All there is to draw, undrawn: what is not seen costs no more than its height."""
    if board.look is None:
        return
    begun = False
    for section in Section:
        mine = [(place, entry) for place, entry in enumerate(board.entries) if entry.section is section]
        if not mine and (section is Section.NEEDS or board.window.text):
            continue
        if begun:
            yield Block(None, 1, lambda: [Text()])
        begun = True
        yield Block(None, 1, partial(_heading, section, board, sheet))
        if not mine:
            yield Block(None, 1, partial(_nothing, section, sheet))
        for place, entry in mine:
            yield Block(place, _height(entry, sheet), partial(_entry, entry, place == board.place, board.look, sheet))


def _heading(section: Section, board: Board, sheet: Sheet) -> list[Text]:
    assert board.look is not None
    counts = board.look.counts
    total = {
        Section.RUNNING: counts[JobStatus.RUNNING],
        Section.WAITING: counts[JobStatus.QUEUED] + counts[JobStatus.PAUSED],
    }.get(section, 0)
    told = f"{total:,}" if total and not board.window.text else ""
    return [sheet.sides(Text(section.value, "bold underline"), Text(told, "dim"))]


def _nothing(section: Section, sheet: Sheet) -> list[Text]:
    return [sheet.line(NOTHING[section], "dim", MARGIN)]


def _height(entry: Entry, sheet: Sheet) -> int:
    match entry:
        case MoreEntry():
            return 1
        case JobEntry(Section.RUNNING, info):
            return 3 if _says_what_it_does(info) else 2
        case JobEntry(section=Section.WAITING | Section.HISTORY):
            return 1 if sheet.is_wide else 2
        case _:
            return 2


def _entry(entry: Entry, chosen: bool, look: Look, sheet: Sheet) -> list[Text]:
    match entry:
        case JobEntry(Section.RUNNING, info):
            return _running(info, chosen, sheet)
        case JobEntry(Section.NEEDS, info):
            title = title_within(info, sheet.width - MARGIN, sheet)
            return _two(title, sentence(why(info) or trouble(info) or "it failed"), chosen, sheet, "red")
        case JobEntry(Section.WAITING, info):
            return _row(info, _waits(info, attended=look.attended), age(info.created_at, sheet.now), chosen, sheet)
        case JobEntry(_, info):
            return _row(info, _ended(info, sheet), age(info.finished_at or info.created_at, sheet.now), chosen, sheet)
        case AskedEntry(asked):
            many = len(asked.questions)
            more = f" (and {many - 1:,} more)" if many > 1 else ""
            return _two(f"{asked.title} asks", f"{asked.questions[0].question}{more}", chosen, sheet, "yellow")
        case TroubleEntry(title, what):
            return _two(title, sentence(what), chosen, sheet, "yellow")
        case MoreEntry(_, count, full):
            said = f"{counted(count, 'more job')}" if count is not None else "More jobs"
            how = "/ finds them" if full else "Enter shows some of them"
            return [_marked(Text(sheet.cut(f"{said}: {how}", sheet.width - MARGIN), "dim"), " ", chosen, sheet)]


def _running(info: JobInfo, chosen: bool, sheet: Sheet) -> list[Text]:
    inner = sheet.narrower(MARGIN)
    title = Text(title_within(info, inner.width - len(step_of(info)) - 2, inner), "bold")
    aside = Text(step_of(info), "yellow" if info.request is not None else "dim")
    bar, doing = [Text.assemble(" " * MARGIN, line) for line in progress_lines(info, inner)]
    first = _marked(inner.sides(title, aside), " ", chosen, sheet)
    return [first, bar, doing] if _says_what_it_does(info) else [first, bar]


def _says_what_it_does(info: JobInfo) -> bool:
    view = info.view
    counts_both = view.bytes_done is not None and view.items_done is not None
    return counts_both or bool(info.request or view.phase or view.message or view.current_path or trouble(info))


def progress_lines(info: JobInfo, sheet: Sheet) -> list[Text]:
    """The bar with its numbers, and what the job is at."""
    view = replace(
        info.view,
        phase=tidy(info.view.phase), message=tidy(info.view.message), current_path=tidy(info.view.current_path),
    )  # fmt: skip
    snapshot = Snapshot(
        job=info.id, title="", status=info.status, request=info.request, reason=tidy(info.reason), view=view,
        trouble=trouble(info),
    )  # fmt: skip
    return [
        clipped(first_line(snapshot, sheet.glyphs, sheet.width, sheet.moment), sheet.width),
        clipped(second_line(snapshot, sheet.glyphs, sheet.width), sheet.width),
    ]


def title_within(info: JobInfo, room: int, sheet: Sheet) -> str:
    """Whole if it fits, else with the last names of its paths, else the beginning of that."""
    whole = sheet.cut(plain_title(info), sheet.width)
    return whole if cell_len(whole) <= room and not _is_cut(whole, sheet) else sheet.cut(brief_title(info), room)


def _is_cut(text: str, sheet: Sheet) -> bool:
    return text.endswith(sheet.glyphs.cut)


def step_of(info: JobInfo) -> str:
    """What was asked of it; else which step it is at."""
    if info.request is not None:
        return state_word(info.status, info.request)
    names = [name for name, _ in info.progress.phases] if isinstance(info.progress, GenericProgress) else []
    if info.view.phase in names and len(names) > 1:
        return f"step {names.index(info.view.phase) + 1} of {len(names)}"
    return f"attempt {info.attempt}" if info.attempt > 1 else ""


def _waits(info: JobInfo, *, attended: bool) -> str:
    reason = why(info, attended=attended)
    if info.status is JobStatus.PAUSED:
        return f"Paused: {reason}" if reason else "Paused, until you let it go on"
    return sentence(reason) or "Starts as soon as there is room"


def _ended(info: JobInfo, sheet: Sheet) -> str:
    spent = took(info, sheet.now)
    match info.status:
        case JobStatus.COMPLETED:
            word = f"Done in {spent}" if spent else "Done"
        case JobStatus.FAILED:
            word = "Failed"
        case _:
            word = "Cancelled"
    reason = why(info)
    return f"{word}: {reason}" if reason else word


def _sign(info: JobInfo, sheet: Sheet) -> tuple[str, str]:
    """Of how it is, and its colour."""
    match info.status:
        case JobStatus.COMPLETED if not info.metrics.items_error:
            return sheet.pick("✓", "+"), "green"
        case JobStatus.COMPLETED:
            return sheet.pick("✓", "+"), "yellow"
        case JobStatus.FAILED:
            return sheet.pick("✗", "x"), "bold red"
        case JobStatus.PAUSED:
            return sheet.pick("‖", "="), "yellow"
        case _:
            return sheet.pick("·", "."), "dim"


def _row(info: JobInfo, said: str, when: str, chosen: bool, sheet: Sheet) -> list[Text]:
    """Title, what is said of it and since when: side by side, or what is said below the title."""
    sign, colour = _sign(info, sheet)
    inner = sheet.narrower(MARGIN)
    right = Text(when.rjust(6), "dim")
    if not sheet.is_wide:
        first = inner.sides(Text(title_within(info, inner.width - right.cell_len - 2, inner)), right)
        return [_marked(first, sign, chosen, sheet, colour), sheet.line(said, "dim", MARGIN)]
    room = inner.width - right.cell_len - 4
    title = Text(title_within(info, room * 9 // 20, inner))
    title.pad_right(room * 9 // 20 - title.cell_len + 2)
    line = inner.sides(Text.assemble(title, (inner.cut(said, room - room * 9 // 20), "dim")), right)
    return [_marked(line, sign, chosen, sheet, colour)]


def _two(title: str, said: str, chosen: bool, sheet: Sheet, colour: str) -> list[Text]:
    first = Text(sheet.cut(title, sheet.width - MARGIN), "bold")
    return [_marked(first, "!", chosen, sheet, colour), sheet.line(said, "", MARGIN)]


def _marked(line: Text, sign: str, chosen: bool, sheet: Sheet, colour: str = "") -> Text:
    """With the signs before it; the chosen one is turned to the other colours over the whole width."""
    marked = Text.assemble((sheet.pick("▌", ">") if chosen else " ", "bold"), (sign, colour), " ", line)
    if chosen:
        marked.pad_right(max(sheet.width - marked.cell_len, 0))
        marked.stylize("reverse")
    return marked
