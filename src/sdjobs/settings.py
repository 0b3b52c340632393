"""What the options shared by all commands say: which library, which code, which form of output."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from sdjobs.streams import Output
from sdjobs.text import command_line

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

LIBRARY_VARIABLE = "SDJOBS_LIBRARY"


class UserCodeError(click.ClickException):
    """A module given with --import cannot be imported."""

    exit_code = 2

    def __init__(self, module: str, problem: str) -> None:
        super().__init__(f"Cannot import {module}: {problem}")


@dataclass(slots=True)
class Settings:
    """One invocation's choices; the same object serves the group and its commands."""

    named_library: str | None = None
    json: bool = False
    imported: list[str] = field(default_factory=list[str])
    out: Output = field(default_factory=lambda: Output(sys.stdout))
    err: Output = field(default_factory=lambda: Output(sys.stderr))

    @property
    def library(self) -> Path:
        """The library's directory, absolute: the one named, else the platform's data directory."""
        if self.named_library:
            return Path(os.path.abspath(self.named_library))
        return default_library()

    @property
    def library_is_named(self) -> bool:
        """Whether somebody chose it (option or variable): then a missing one is an error, and is not made."""
        return bool(self.named_library)

    def command(self, *words: str, needs_code: bool = False) -> str:
        """A command that the user can paste: with this invocation's library, and its imports if it `needs_code`."""
        return command_line("sdjobs", *self.library_words(), *(self.code_words() if needs_code else ()), *words)

    def library_words(self) -> list[str]:
        """What a command says to mean this library; nothing where another shell means it too."""
        named = self.named_library
        return ["--library", named] if named and named != os.environ.get(LIBRARY_VARIABLE) else []

    def code_words(self) -> list[str]:
        """What a command says to know the same kinds of jobs."""
        return [word for module in self.imported for word in ("--import", module)]

    def import_module(self, module: str) -> None:
        """Load user code, from the current folder too. Raises UserCodeError."""
        if module in self.imported:
            return
        here = os.getcwd()
        if here not in sys.path:
            sys.path.insert(0, here)
        try:
            importlib.import_module(module)
        except Exception as error:
            raise UserCodeError(module, _problem(error)) from error
        self.imported.append(module)


def _problem(error: Exception) -> str:
    """The error, and the line of the user's code that raised it."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    described = f"{type(error).__name__}: {error}"
    if last is None or "importlib" in last.tb_frame.f_code.co_filename:
        return described
    return f"{described} ({last.tb_frame.f_code.co_filename}, line {last.tb_lineno})"


def default_library() -> Path:
    import platformdirs

    return platformdirs.user_data_path("sdjobs", appauthor=False) / "default.sdlibrary"


def settings_of(context: click.Context) -> Settings:
    return context.ensure_object(Settings)


def _take_library(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        settings_of(context).named_library = value


def _take_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        settings_of(context).json = True


def _take_imports(context: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    for module in value:
        settings_of(context).import_module(module)


def shared_options(*, environment: bool = False) -> Callable[[CommandT], CommandT]:
    """--library, --import and --json, accepted before and after a command's name."""
    options = [
        click.option(
            "--library",
            metavar="DIR",
            envvar=LIBRARY_VARIABLE if environment else None,
            expose_value=False,
            callback=_take_library,
            is_eager=True,
            help=f"The library to use (else ${LIBRARY_VARIABLE}, else the one in your data folder).",
        ),
        click.option(
            "--import",
            "imports",
            metavar="MODULE",
            multiple=True,
            expose_value=False,
            callback=_take_imports,
            is_eager=True,
            help="Load a Python module that defines jobs; may be repeated.",
        ),
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            expose_value=False,
            callback=_take_json,
            is_eager=True,
            help="Print JSON: one document, or one line per update.",
        ),
    ]

    def decorate(command: CommandT) -> CommandT:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
