"""What can be chosen on the screen, and what is chosen: a value of the last look, without a terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, TypeAlias

from sdjobs.screen.deeds import QueueDeed, command_of
from sdjobs.screen.looking import MOST, Asked, Look, Window
from sdjobs.text import counted
from spacedrive_jobs import JobInfo, JobStatus

MOST_FAILED: Final = 5
PART: Final = 50
"""Rows that are added when somebody asks for more."""


class Section(Enum):
    NEEDS = "Needs you"
    RUNNING = "Running"
    WAITING = "Waiting"
    HISTORY = "History"


@dataclass(frozen=True, slots=True)
class JobEntry:
    section: Section
    info: JobInfo

    @property
    def key(self) -> str:
        """Names it from look to look: a job that goes on from one list to the next stays chosen."""
        return f"needs {self.info.id}" if self.section is Section.NEEDS else str(self.info.id)


@dataclass(frozen=True, slots=True)
class AskedEntry:
    asked: Asked
    section: Section = Section.NEEDS

    @property
    def key(self) -> str:
        return f"asked {self.asked.questions[0].id}"


@dataclass(frozen=True, slots=True)
class TroubleEntry:
    """What keeps jobs from running. `command`: words after `sdjobs` that mend it; none where no command does.
    `mends`: what the key `p` does about it."""

    title: str
    what: str
    command: tuple[str, ...] = ()
    mends: QueueDeed | None = None
    section: Section = Section.NEEDS

    @property
    def key(self) -> str:
        return f"trouble {self.title}"


@dataclass(frozen=True, slots=True)
class MoreEntry:
    """Stands for the rest of a list. `count` is None where it is not known; `full`: no more of it is shown."""

    section: Section
    count: int | None
    full: bool

    @property
    def key(self) -> str:
        return f"more {self.section.value}"


Entry: TypeAlias = JobEntry | AskedEntry | TroubleEntry | MoreEntry


def entries_of(look: Look, window: Window) -> tuple[Entry, ...]:
    """All that can be chosen, from the top down. Under a filter only jobs."""
    entries: list[Entry] = []
    if not window.text:
        entries += _troubles(look)
        entries += [AskedEntry(asked) for asked in look.asked]
        entries += [JobEntry(Section.NEEDS, info) for info in look.failed[:MOST_FAILED]]
    entries += [JobEntry(Section.RUNNING, info) for info in look.running[:MOST]]
    entries += [JobEntry(Section.WAITING, info) for info in look.waiting]
    entries += _more(Section.WAITING, look.more_waiting, window.waiting)
    entries += [JobEntry(Section.HISTORY, info) for info in look.ended]
    entries += _more(Section.HISTORY, look.more_ended, window.ended)
    return tuple(entries)


def _more(section: Section, count: int | None, asked: int) -> list[Entry]:
    return [] if count == 0 else [MoreEntry(section, count, full=asked >= MOST)]


def _troubles(look: Look) -> list[Entry]:
    found: list[Entry] = []
    queued = look.counts[JobStatus.QUEUED]
    if look.full:
        what = "Jobs hold still and lose nothing. Free some space on the disk, and all goes on by itself."
        found.append(TroubleEntry("The library's disk is full", what))
    if not look.attended and queued:
        what = f"{counted(queued, 'job')} {'waits' if queued == 1 else 'wait'} for a worker."
        found.append(TroubleEntry("Nobody runs the jobs", what, ("worker",)))
    for kind, reason in look.paused.items():
        name = "Everything" if kind is None else f"All of kind {kind}"
        mends = QueueDeed(False, kind)
        found.append(TroubleEntry(f"{name} is paused", reason, command_of(mends), mends))
    return found


class Board:
    """What is shown, and which of it is chosen."""

    def __init__(self) -> None:
        self.look: Look | None = None
        self.window: Window = Window()
        self.entries: tuple[Entry, ...] = ()
        self.place = 0

    @property
    def chosen(self) -> Entry | None:
        return self.entries[self.place] if self.entries else None

    def take(self, look: Look) -> None:
        """Show a later look. What is chosen stays so wherever it is now; where it has gone, its neighbour is."""
        key = self.chosen.key if self.chosen is not None else ""
        self.look, self.entries = look, entries_of(look, self.window)
        places = [place for place, entry in enumerate(self.entries) if entry.key == key]
        self.place = places[0] if places else self._bounded(self.place)

    def move(self, by: int) -> None:
        self.place = self._bounded(self.place + by)

    def to_end(self, end: int) -> None:
        """To the first entry (`end` below zero) or to the last."""
        self.place = 0 if end < 0 else self._bounded(len(self.entries) - 1)

    def to_section(self, by: int) -> None:
        """To the first entry of the next section (`by` above zero) or of the one before, round and round."""
        firsts = [
            place
            for place, entry in enumerate(self.entries)
            if place == 0 or self.entries[place - 1].section is not entry.section
        ]
        if not firsts:
            return
        here = max(number for number, place in enumerate(firsts) if place <= self.place)
        self.place = firsts[(here + by) % len(firsts)]

    def find(self, text: str) -> None:
        """Show only jobs that say `text`; all of them where it is empty."""
        self.window = Window(text=text)

    def show_more(self, section: Section) -> None:
        """Make a list longer, with the next look."""
        window = self.window
        if section is Section.WAITING:
            self.window = replace(window, waiting=min(window.waiting + PART, MOST))
        else:
            self.window = replace(window, ended=min(window.ended + PART, MOST))

    def _bounded(self, place: int) -> int:
        return min(max(place, 0), max(len(self.entries) - 1, 0))
