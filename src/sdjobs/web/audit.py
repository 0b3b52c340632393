"""The audit log: a line for each request that changed something, in the library's `logs/web-audit.log`."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Final

import msgspec

from sdjobs import clock

NAME: Final = "web-audit.log"
LIMIT: Final = 1 << 20
"""Bytes; beyond it the file becomes `web-audit.log.1`, and the one before that goes."""

_log = logging.getLogger("sdjobs.web.audit")


class Audit:
    """Thread-safe. A line that cannot be written to the file is still logged."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._lock = threading.Lock()

    def write(self, facts: dict[str, object]) -> None:
        """Blocking."""
        line = msgspec.json.encode({"at": clock.now(), **facts}, enc_hook=str)
        _log.info("%s", line.decode())
        try:
            with self._lock:
                self._append(line + b"\n")
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line)
            full = os.fstat(descriptor).st_size > LIMIT
        finally:
            os.close(descriptor)
        if full:
            self._path.replace(self._path.with_suffix(".log.1"))
