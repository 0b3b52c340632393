"""Paths that a person gives on the command line."""

from __future__ import annotations

import os
from typing import Final

import click


class GivenPath(click.Path):
    """A path that is not empty: an empty one would mean the present folder, and be what a variable gives that was not
    set. `advice`: what to give instead."""

    def __init__(self, what: str = "a path", advice: str = " The present folder is `.`") -> None:
        super().__init__()
        self._what, self._advice = what, advice

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if os.fspath(value) == "":
            self.fail(f"{self._what} is empty: was a variable not set?{self._advice}", param, ctx)
        return super().convert(value, param, ctx)


PATH: Final = GivenPath()
ADDRESS: Final = GivenPath("an address", "")
"""Of an object store."""
