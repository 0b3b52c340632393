"""The live bar: two lines that fit the terminal, whatever the names of the files."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from sdjobs.describe import bytes_amount, items_amount, rate, state_line
from sdjobs.streams import Output
from sdjobs.text import clock, percent, shown, size_of
from sdjobs.views.presenter import Told
from sdjobs.views.snapshot import Snapshot
from spacedrive_jobs import JobStatus, ProgressView

MIN_BAR: Final = 10
KEYS_ECHOED: Final = len("^C^C")
RATE_WIDTH: Final = len("999.9 MB/s")
ETA_WIDTH: Final = len("59:59 left")

UNEVEN: Final = re.compile("[\u200c\u200d\ufe0e\ufe0f]")
"""Joiners and variants: terminals do not agree on the width that they give, and a line too wide would wrap."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    done: str
    half: str
    rest: str
    dot: str
    cut: str


UNICODE: Final = Glyphs(done="━", half="╸", rest="─", dot=" · ", cut="…")
ASCII: Final = Glyphs(done="#", half="", rest="-", dot=" | ", cut="...")


class BarView:
    """Two lines at the bottom of the terminal; what is said stands above them and stays."""

    interval = 0.1
    animated = True

    def __init__(self, output: Output) -> None:
        self._output = output
        self._glyphs = UNICODE if output.draws_unicode else ASCII
        self._console = terminal_console(output)
        self._live: Live | None = None

    def draw(self, snapshot: Snapshot) -> None:
        if self._output.closed:
            return
        with self._output.until_closed():  # the job goes on without its terminal
            self._update(Bar(snapshot, self._glyphs, time.monotonic()))

    def _update(self, bar: Bar) -> None:
        if self._live is None:
            self._live = Live(bar, console=self._console, auto_refresh=False, transient=True)
            self._live.start(refresh=True)
        else:
            self._live.update(bar, refresh=True)

    def status(self, snapshot: Snapshot) -> None:
        self.draw(snapshot)

    def say(self, told: Told) -> None:
        if self._output.closed or not told.text:
            return
        with self._output.until_closed():
            self._console.print(Text(shown(told.text)))

    def close(self) -> None:
        if self._live is None:
            return
        with self._output.until_closed():
            self._live.stop()


def terminal_console(output: Output) -> Console:
    return Console(file=output.stream, highlight=False, markup=False, emoji=False)


@dataclass(frozen=True, slots=True)
class Bar:
    """A snapshot as rich draws it, at whatever width the terminal has at that moment."""

    snapshot: Snapshot
    glyphs: Glyphs
    moment: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # One column stays free: a full line makes some terminals wrap, and the bar would leave copies of itself.
        # More of them after the last line: there the terminal writes ^C when it is pressed.
        width = max(options.max_width - 1, 1)
        yield _cut(first_line(self.snapshot, self.glyphs, width, self.moment), width)
        width = max(width - KEYS_ECHOED, 1)
        yield _cut(second_line(self.snapshot, self.glyphs, width), width)


def _cut(line: Text, width: int) -> Text:
    line.truncate(width)
    line.no_wrap = True
    return line


def first_line(snapshot: Snapshot, glyphs: Glyphs, width: int, moment: float) -> Text:
    """The bar and the numbers; where it gets narrow the rate goes first, then the amount, then the time left."""
    numbers = _numbers(snapshot.view, width)
    taken = sum(cell_len(text) + 2 for text, _ in numbers)
    room = width - taken
    line = Text()
    if room >= MIN_BAR:
        line.append_text(_bar(snapshot, glyphs, room, moment))
    for text, style in numbers:
        line.append("  " if line else "")
        line.append(text, style)
    return line


def _numbers(view: ProgressView, width: int) -> list[tuple[str, str]]:
    pieces: dict[str, tuple[str, str]] = {}
    if view.fraction is not None:
        pieces["percent"] = (percent(view.fraction).rjust(5), "bold")
    if amount := _steady_amount(view):
        pieces["amount"] = (amount, "")
    if view.bytes_done is not None or rate(view):
        pieces["rate"] = (rate(view).rjust(RATE_WIDTH), "cyan")
    if view.fraction is not None:
        pieces["eta"] = ((f"{clock(view.eta)} left" if view.eta is not None else "").rjust(ETA_WIDTH), "")
    for name in ("rate", "amount", "eta"):
        if sum(cell_len(text) + 2 for text, _ in pieces.values()) + 2 * MIN_BAR > width:
            pieces.pop(name, None)
    return list(pieces.values())


def _steady_amount(view: ProgressView) -> str:
    """The amount, as wide now as at the end, so that the bar keeps its length."""
    if view.bytes_done is not None:
        text = bytes_amount(view)
        return text.rjust(len(size_of(view.bytes_total, view.bytes_total))) if view.bytes_total else text
    text = items_amount(view)
    return text.rjust(len(items_amount(replace(view, items_done=view.items_total)))) if view.items_total else text


def _bar(snapshot: Snapshot, glyphs: Glyphs, width: int, moment: float) -> Text:
    fraction = snapshot.view.fraction
    if fraction is None:
        return (
            _wandering(glyphs, width, moment)
            if snapshot.status is JobStatus.RUNNING
            else Text(glyphs.rest * width, "dim")
        )
    halves = int(min(max(fraction, 0.0), 1.0) * width * 2)
    filled, half = divmod(halves, 2)
    head = glyphs.done * filled + (glyphs.half if half else "")
    style = (
        "yellow"
        if snapshot.request or snapshot.view.catching_up or snapshot.status is not JobStatus.RUNNING
        else "green"
    )
    return Text.assemble((head, style), (glyphs.rest * (width - len(head)), "dim"))


def _wandering(glyphs: Glyphs, width: int, moment: float) -> Text:
    """Nobody knows how far it is: a piece that goes to and fro."""
    piece = max(3, width // 6)
    way = max(width - piece, 1)
    step = int(moment * 10) % (2 * way)
    left = step if step <= way else 2 * way - step
    return Text.assemble(
        (glyphs.rest * left, "dim"), (glyphs.done * piece, "green"), (glyphs.rest * (width - piece - left), "dim")
    )


def second_line(snapshot: Snapshot, glyphs: Glyphs, width: int) -> Text:
    """What it does: the phase, the items, the trouble, and as much of the path's end as there is room for."""
    if snapshot.note:
        return Text(shown(snapshot.note), "yellow")
    view = snapshot.view
    words = [state_line(snapshot.status, snapshot.request, snapshot.reason)]
    if snapshot.status is JobStatus.RUNNING and snapshot.request is None:
        words = list(dict.fromkeys(filter(None, ["catching up" if view.catching_up else "", view.phase, view.message])))
    if view.bytes_done is not None and (items := items_amount(view)):
        words.append(items)
    line = Text(glyphs.dot.join(map(shown, words)))
    if snapshot.trouble:
        line.append(glyphs.dot if line else "")
        line.append(shown(snapshot.trouble), "red")
    if view.current_path:
        line.append(glyphs.dot if line else "")
        line.append(end_of(shown(view.current_path), width - line.cell_len, glyphs.cut), "dim")
    return line


def end_of(text: str, width: int, cut: str) -> str:
    """The last `width` columns of `text`, with a mark where something was cut off."""
    text = UNEVEN.sub("", text)
    if cell_len(text) <= width:
        return text
    room = width - cell_len(cut)
    start = len(text)
    while start and (room := room - cell_len(text[start - 1])) >= 0:
        start -= 1
    return cut + text[start:] if start < len(text) else ""
