"""Identities: jobs (UUIDv7, so rows arrive in key order) and runners (random, one per process start)."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NewType, final
from uuid import UUID

RunnerId = NewType("RunnerId", bytes)
"""Sixteen random bytes, made anew by every `Library.open`: a restarted process is another runner."""

SHORT_LENGTH: Final = 8


@final
@dataclass(frozen=True, slots=True, order=True)
class JobId:
    """A job's identity; `str()` gives the long form, `.short` the one that people type."""

    value: UUID

    @property
    def bytes(self) -> builtins.bytes:
        return self.value.bytes

    @property
    def short(self) -> str:
        """The last eight hex digits: a UUIDv7's head is its time, so heads are all alike."""
        return self.value.hex[-SHORT_LENGTH:]

    def __str__(self) -> str:
        return str(self.value)

    @staticmethod
    def parse(text: str) -> JobId:
        """Read the long form. Raises ValueError."""
        return JobId(UUID(text))

    @staticmethod
    def from_bytes(value: builtins.bytes) -> JobId:
        return JobId(UUID(bytes=value))


IdSource = Callable[[int], bytes]
"""From a time in ms since 1970 to the 16 bytes of a new job id."""


def new_job_id_bytes(unix_ms: int) -> bytes:
    """A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits."""
    tail = int.from_bytes(os.urandom(10), "big")
    head = (unix_ms << 16) | 0x7000 | ((tail >> 64) & 0x0FFF)
    return head.to_bytes(8, "big") + ((tail & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000).to_bytes(8, "big")


def new_runner_id() -> RunnerId:
    return RunnerId(os.urandom(16))
