"""BLAKE3, by which an object is known to be what the file was."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.object_store.errors import Stopped

BUFFER: Final = 1 << 20


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
