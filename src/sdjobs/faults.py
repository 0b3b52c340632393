"""From an exception to what a person is told: what happened, to what, and what to do now. Never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import click

from sdjobs import clock
from sdjobs.exit_codes import ExitCode
from sdjobs.settings import Settings
from sdjobs.text import shown

LOG_NAME: Final = "sdjobs.log"
LOG_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure as it is reported: `advice` says what to do now, empty where there is nothing to say."""

    exit_code: ExitCode
    message: str
    advice: str = ""
    name: str = ""


class Refusal(click.ClickException):
    """A command refuses, in its own words."""

    def __init__(self, message: str, *, advice: str = "", exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.advice, self.code = advice, exit_code


def explain(error: BaseException, settings: Settings) -> Fault:
    """The fault that `error` is. Whatever is not known goes to a log file, and the fault names it."""
    error = _single(error)
    return _of_command(error) or _of_jobs(error, settings) or _of_system(error) or _unexpected(error, settings)


def _single(error: BaseException) -> BaseException:
    """What a task group wrapped, where it wrapped one error only."""
    inner = cast("Sequence[BaseException]", getattr(error, "exceptions", ()))
    return _single(inner[0]) if len(inner) == 1 else error


def _of_command(error: BaseException) -> Fault | None:
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Fault(ExitCode.INTERRUPTED, "Interrupted.", name="Interrupted")
    if isinstance(error, Refusal):
        return Fault(error.code, error.message, error.advice, "Refused")
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "sdjobs"
        return Fault(ExitCode.USAGE, error.format_message(), f"{path} --help lists what it takes.", "UsageError")
    if isinstance(error, click.ClickException):
        return Fault(ExitCode.USAGE, error.format_message(), name=type(error).__name__)
    return None


def _of_jobs(error: BaseException, settings: Settings) -> Fault | None:
    from spacedrive_jobs import (
        AmbiguousJobId,
        ArgumentError,
        JobError,
        JobNotFound,
        LibraryNotFound,
        LibraryNotWritable,
        ScheduleNotFound,
        UnknownKind,
    )

    name = type(error).__name__
    match error:
        case LibraryNotFound():
            return _missing_library(error.path, settings)
        case LibraryNotWritable():
            advice = f"{settings.command('doctor')} tells which files, and what to do."
            return Fault(ExitCode.FAILED, _sentence(str(error)), advice, name)
        case UnknownKind():
            advice = f"{settings.command('types')} lists the kinds; --import MODULE loads those of your own code."
            return Fault(ExitCode.USAGE, f"There is no job of kind {error.kind!r} here.", advice, name)
        case JobNotFound():
            advice = f"{settings.command('jobs', 'list')} shows the jobs of {settings.library}."
            return Fault(ExitCode.USAGE, f"There is no job {error.job}.", advice, name)
        case ScheduleNotFound():
            advice = f"{settings.command('schedule', 'list')} shows those of {settings.library}."
            return Fault(ExitCode.USAGE, _sentence(str(error)), advice, name)
        case AmbiguousJobId():
            ids = ", ".join(map(str, error.matches))
            return Fault(
                ExitCode.USAGE, f"{error.text!r} names {len(error.matches)} jobs.", f"Give one of: {ids}", name
            )
        case ArgumentError():
            return Fault(ExitCode.USAGE, f"{_sentence(str(error))} Nothing was started.", name=name)
        case JobError():
            return Fault(ExitCode.FAILED, _sentence(str(error)), name=name)
        case _:
            return None


def _missing_library(path: Path, settings: Settings) -> Fault:
    if settings.library_is_named:
        advice = f"Make one with {settings.command('init')}, or check the path."
        return Fault(ExitCode.USAGE, f"There is no library at {path}.", advice, "LibraryNotFound")
    advice = f"The first copy, move or run makes it, and so does {settings.command('init')}."
    return Fault(ExitCode.USAGE, f"There is no library yet at {path}.", advice, "LibraryNotFound")


def _of_system(error: BaseException) -> Fault | None:
    if not isinstance(error, OSError) or error.errno is None:
        return None
    problem = error.strerror or os.strerror(error.errno)
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return Fault(ExitCode.FAILED, f"{where}{problem}.", name=type(error).__name__)


def _unexpected(error: BaseException, settings: Settings) -> Fault:
    summary = f"sdjobs failed unexpectedly ({type(error).__name__}: {error})."
    log = record(error, settings.library / "logs")
    advice = f"Details are in {log}." if log else "The details could not be written to a log file."
    return Fault(ExitCode.FAILED, summary, advice, type(error).__name__)


def record(error: BaseException, folder: Path) -> Path | None:
    """Append the traceback to the log in `folder`; returns the file, None where it cannot be written.

    A library that is not there is not made for this: the log then goes to the temporary folder.
    """
    import tempfile

    entry = "".join(traceback.format_exception(error))
    words = " ".join(map(shown, sys.argv))
    for place in (folder, Path(tempfile.gettempdir())):
        try:
            return _append(place / LOG_NAME, f"{clock.now().isoformat()} pid {os.getpid()}: {words}\n{entry}\n")
        except OSError:
            continue
    return None


def _append(path: Path, entry: str) -> Path:
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    # O_NOFOLLOW: in a shared temporary folder the name may be somebody else's link
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(entry)
    return path


def report(fault: Fault, settings: Settings) -> None:
    """Tell it: on standard error in words, and with --json on standard output as the document that was asked for."""
    settings.err.line(f"Error: {fault.message}")
    if fault.advice:
        settings.err.line(f"  {fault.advice}")
    if settings.json:
        error = {"type": fault.name, "message": fault.message, "advice": fault.advice}
        settings.out.document({"error": error, "exit_code": int(fault.exit_code)})


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
