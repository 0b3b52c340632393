"""Tables: fitted to a terminal, or whole and aligned where a program reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from sdjobs.settings import Settings
from sdjobs.text import shown
from sdjobs.views.choice import draws

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Cell:
    """`style` is a colour name for terminals."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    right: bool = False


Row: TypeAlias = Sequence[Cell]

STATUS_STYLES: Final = {
    "running": "green",
    "queued": "cyan",
    "paused": "yellow",
    "pausing": "yellow",
    "cancelling": "yellow",
    "aborting": "yellow",
    "completed": "",
    "failed": "bold red",
    "cancelled": "dim",
}


def print_table(settings: Settings, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """The last column takes what room is left; on a terminal it is cut there, in a pipe never."""
    if draws(settings):
        _print_fitted(settings, columns, rows)
    else:
        for line in plain_lines(columns, rows):
            settings.out.line(line)


def plain_lines(columns: Sequence[Column], rows: Sequence[Row]) -> list[str]:
    texts = [[column.title for column in columns], *([shown(cell.text) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in texts) for place in range(len(columns))]
    return ["  ".join(map(_aligned, columns, line, widths)).rstrip() for line in texts]


def _aligned(column: Column, text: str, width: int) -> str:
    return text.rjust(width) if column.right else text.ljust(width)


def _print_fitted(settings: Settings, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    from sdjobs.views.bar import terminal_console

    console = terminal_console(settings.out)
    with settings.out.until_closed():
        console.print(fitted(columns, rows, draws_unicode=settings.out.draws_unicode))


def fitted(columns: Sequence[Column], rows: Sequence[Row], *, draws_unicode: bool) -> Table:
    """The table as rich draws it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    cut: Literal["ellipsis", "crop"] = "ellipsis" if draws_unicode else "crop"
    for column in columns:
        last = column is columns[-1]
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow=cut,
            ratio=1 if last else None,
        )
    for row in rows:
        table.add_row(*(Text(shown(cell.text), cell.style) for cell in row))
    return table
