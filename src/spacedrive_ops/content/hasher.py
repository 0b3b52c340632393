"""BLAKE3, by which it is known what a file holds."""

from __future__ import annotations

from typing import Protocol


class Hasher(Protocol):
    def update(self, data: memoryview | bytes, /) -> object: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


def new_hasher() -> Hasher:
    """Raises MissingExtra."""
    try:
        from blake3 import blake3
    except ImportError as error:
        from spacedrive_ops.extras import MissingExtra  # brings the engine, which a child process need not load

        raise MissingExtra("hashing what files hold", "files") from error
    return blake3()
