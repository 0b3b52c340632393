"""What goes wrong in the server goes to a file of the library, not over the terminal of whoever started it."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

NAME: Final = "web.log"
LIMIT: Final = 1 << 20
LOGGERS: Final = ("sdjobs.web", "uvicorn.error")


@contextmanager
def logging_to(folder: Path) -> Generator[Path]:
    """Within, warnings and errors of the server are appended to a file, which is kept below two MiB."""
    path = folder / NAME
    handler = RotatingFileHandler(path, maxBytes=LIMIT, backupCount=1, encoding="utf-8", errors="backslashreplace")
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
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
        handler.close()
