"""The audit log: a line for each request that changed something, in the library's `logs/web-audit.log`.

What anybody may do who has no token, to be refused at the login, is in a file of its own: however often it is done, it
washes nothing else away.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Final

import msgspec

from sdjobs import clock

NAME: Final = "web-audit.log"
REFUSED: Final = "web-refused-logins.log"
LIMIT: Final = 1 << 20
"""Bytes; beyond it the file becomes `web-audit.log.1`, and the one before that goes."""

_log = logging.getLogger("sdjobs.web.audit")


class Audit:
    """Thread-safe. A line that cannot be written to the file is still logged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def write(self, facts: dict[str, object], *, refused: bool = False) -> None:
        """Blocking. `refused`: somebody who was not let in."""
        path = self._folder / (REFUSED if refused else NAME)
        line = msgspec.json.encode({"at": clock.now(), **facts}, enc_hook=str)
        _log.info("%s", line.decode())
        try:
            with self._lock:
                _append(path, line + b"\n")
        except OSError as error:
            _log.warning("%s cannot be written: %s", path, error)


def _append(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, line)
        full = os.fstat(descriptor).st_size > LIMIT
    finally:
        os.close(descriptor)
    if full:
        path.replace(path.with_suffix(".log.1"))
