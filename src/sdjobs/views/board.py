"""All unfinished jobs as a table that stays in its place."""

from __future__ import annotations

from typing import Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from sdjobs.describe import amount, rate, state_word, title, why
from sdjobs.streams import Output
from sdjobs.text import clock as clock_text
from sdjobs.text import counted, percent
from sdjobs.views.bar import terminal_console
from sdjobs.views.table import STATUS_STYLES, Cell, Column, Row, fitted
from spacedrive_jobs import JobEvent, JobInfo, JobStatus

COLUMNS: Final = (
    Column("ID"),
    Column("STATUS"),
    Column("DONE", right=True),
    Column("RATE", right=True),
    Column("LEFT", right=True),
    Column("WHAT AND WHY"),
)
ORDER: Final = {JobStatus.RUNNING: 0, JobStatus.QUEUED: 1, JobStatus.PAUSED: 2}


class TableBoard:
    """Drawn anew at each look; the running jobs come first, and what has no room is counted."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._console = terminal_console(output)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()

    def event(self, event: JobEvent) -> None:
        """The next look shows it."""

    def look(self, jobs: tuple[JobInfo, ...], *, attended: bool) -> None:
        with self._output.until_closed():
            self._live.update(self._table(jobs, attended), refresh=True)

    def _table(self, jobs: tuple[JobInfo, ...], attended: bool) -> RenderableType:
        if not jobs:
            return Text("No unfinished jobs. Ctrl-C ends the watching.")
        room = max(self._console.height - 4, 1)
        ordered = sorted(jobs, key=lambda info: ORDER[info.status])
        rows = [row(info, attended=attended) for info in ordered[:room]]
        table = fitted(COLUMNS, rows, draws_unicode=self._output.draws_unicode)
        left_out = len(ordered) - room
        more = f"and {counted(left_out, 'more job')}. " if left_out > 0 else ""
        return Group(table, Text(f"{more}Ctrl-C ends the watching.", "dim"))

    def close(self) -> None:
        with self._output.until_closed():
            self._live.stop()


def row(info: JobInfo, *, attended: bool) -> Row:
    word = state_word(info.status, info.request)
    view = info.view
    running = info.status is JobStatus.RUNNING
    told = [why(info, attended=attended), amount(view) if view.fraction is not None else "", title(info)]
    return (
        Cell(info.id.short, "bold"),
        Cell(word, STATUS_STYLES[word]),
        Cell(percent(view.fraction) if view.fraction is not None else amount(view)),
        Cell(rate(view) if running else ""),
        Cell(clock_text(view.eta) if running and view.eta is not None else ""),
        Cell("; ".join(filter(None, told))),
    )
