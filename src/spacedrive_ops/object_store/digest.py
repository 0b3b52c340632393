"""BLAKE3, by which an object is known to be what the file was."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from spacedrive_ops.object_store.errors import Stopped

BUFFER: Final = 1 << 20


class MissingExtra(ImportError):
    """Transfers need optional packages."""

    def __init__(self) -> None:
        super().__init__("object stores need optional packages: pip install 'spacedrive-jobs[files,upload]'")


def new_hasher() -> Any:
    """A hasher with `update` and `hexdigest`. Raises MissingExtra."""
    try:
        from blake3 import blake3
    except ImportError as error:
        raise MissingExtra from error
    return blake3()


def digest_of(data: bytes | memoryview) -> str:
    hasher = new_hasher()
    hasher.update(data)
    return str(hasher.hexdigest())


def digest_of_file(fd: int, interrupted: Callable[[], bool]) -> str:
    """Raises Stopped at an interruption."""
    hasher, at = new_hasher(), 0
    while data := os.pread(fd, BUFFER, at):
        if interrupted():
            raise Stopped
        hasher.update(data)
        at += len(data)
    return str(hasher.hexdigest())
