"""`sdjobs watch`."""

from __future__ import annotations

import asyncio
import sys

import click

from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.views.choice import draws


@click.command()
@shared_options()
@click.pass_context
def watch(context: click.Context) -> ExitCode:
    """Show the library on the whole screen, live, with a key for each thing that can be done; ? lists them.

    It runs no jobs itself and leaves them alone when it ends. Where the output is no terminal, or with --json, a line
    is printed for each change, as by `sdjobs jobs watch`.
    """
    settings = settings_of(context)
    if not has_whole_screen(settings):
        from sdjobs.watching import watch_all

        return asyncio.run(watch_all(settings))
    try:
        from sdjobs.screen.session import show
    except ModuleNotFoundError as error:
        raise Refusal(
            f"{error.name} is not installed, and the full-screen view needs it.",
            advice='pip install "spacedrive-jobs[terminal]" brings it. Without it: '
            + settings.command("jobs", "watch"),
        ) from error
    return asyncio.run(show(settings))


def has_whole_screen(settings: Settings) -> bool:
    """Whether there is a terminal to draw on (standard error is what is drawn on) and keys to be pressed."""
    return draws(settings) and sys.stdin.isatty() and settings.err.is_terminal
