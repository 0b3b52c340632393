"""One thing that may go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

import msgspec

Topic: TypeAlias = Literal["history", "sidecars", "partials", "uploads", "logs", "spools"]


class Found(msgspec.Struct, frozen=True):
    """`path`: for people and for items. `size`: bytes that its removal frees. `why`: in words. `remove` takes it away
    and says whether it did: False where it is in use after all. Raises OSError, and StoreError
    for what is in a store."""

    path: bytes
    size: int
    why: str
    remove: Callable[[], Awaitable[bool]]
