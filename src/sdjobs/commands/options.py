"""Options that several commands share."""

from __future__ import annotations

from typing import Final

import click

from spacedrive_jobs import Priority

PRIORITIES: Final = {priority.name.lower(): int(priority) for priority in Priority}


def parse_priority(text: str) -> int:
    """`low`, `normal`, `high`, `critical`, or any whole number."""
    if text.lower() in PRIORITIES:
        return PRIORITIES[text.lower()]
    try:
        return int(text)
    except ValueError:
        names = ", ".join(PRIORITIES)
        raise click.BadParameter(f"{text!r} is neither a whole number nor one of {names}.") from None


priority_option = click.option(
    "--priority",
    type=parse_priority,
    metavar="LEVEL",
    help="low, normal, high, critical, or any whole number: higher runs first.",
)
detach_option = click.option(
    "--detach", is_flag=True, help="Only put the job into the queue, print its id, and say whether anybody runs it."
)
