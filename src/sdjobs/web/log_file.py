"""What goes wrong in the server goes to a file of the library, not over the terminal of whoever started it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

NAME: Final = "web.log"
LIMIT: Final = 1 << 20
LOGGERS: Final = ("sdjobs.web", "uvicorn.error", "asyncio")
AGAIN: Final = 60.0
"""Seconds after which the same line is written again."""
REMEMBERED: Final = 200


class _LogFile(RotatingFileHandler):
    """Where its disk is full, the page says so; a traceback for each line would say nothing more."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (its name in the base)
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class _Seldom(logging.Filter):
    """The same line once a minute, with how often it came meanwhile: a fault that repeats would push out all others."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        fault = record.exc_info[1] if record.exc_info else None
        line = f"{record.name} {record.levelno} {record.msg} {record.args!r} {fault!r}"
        said_at, often = self._said.get(line, (None, 0))
        if said_at is not None and abs(record.created - said_at) < AGAIN:
            self._said[line] = said_at, often + 1
            return False
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[line] = record.created, 0
        record.often = f" ({often} times more since)" if often else ""
        return True


@contextmanager
def logging_to(folder: Path) -> Generator[Path]:
    """Within, warnings and errors of the server are appended to a file, which is kept below two MiB; those of
    its event loop too, on which the jobs run."""
    path = folder / NAME
    handler = _LogFile(path, maxBytes=LIMIT, backupCount=1, encoding="utf-8", errors="backslashreplace")
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s%(often)s"))
    handler.addFilter(_Seldom())
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield path
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate
        with suppress(OSError):  # what could not be written is still to be written, and cannot
            handler.close()
