"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import click

from spacedrive_jobs import MOST_PRIORITY, Priority

COUNT: Final = click.IntRange(1, 1_000_000)
"""Of `--limit`: what is listed is held in memory."""
BYTES: Final = click.IntRange(1, 2**63 - 1)
"""Of a size of files: SQLite counts no further."""
PRIORITIES: Final = {priority.name.lower(): int(priority) for priority in Priority}


def parse_priority(text: str) -> int:
    """`low`, `normal`, `high`, `critical`, or any whole number."""
    if text.lower() in PRIORITIES:
        return PRIORITIES[text.lower()]
    try:
        number = int(text)
    except ValueError:
        names = ", ".join(PRIORITIES)
        raise click.BadParameter(f"{text!r} is neither a whole number nor one of {names}.") from None
    if abs(number) > MOST_PRIORITY:
        raise click.BadParameter(f"{text} is not between {-MOST_PRIORITY:,} and {MOST_PRIORITY:,}.")
    return number


@contextmanager
def reading_cursor(after: str | None) -> Generator[None]:
    """Of --after: where a page is read, a ValueError is about it."""
    try:
        yield
    except ValueError as error:
        raise click.UsageError(f"{after} is not what a longer list was cut with.") from error


priority_option = click.option(
    "--priority",
    type=parse_priority,
    metavar="LEVEL",
    help="low, normal, high, critical, or any whole number: higher runs first.",
)
detach_option = click.option(
    "--detach", is_flag=True, help="Only put the job into the queue, print its id, and say whether anybody runs it."
)
