"""Identities: jobs (UUIDv7, so rows arrive in key order) and runners (random, one per process start)."""

from __future__ import annotations

import builtins
import os
import random
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


RANDOM_BITS: Final = 74
STEP_BITS: Final = 42


class JobIdSource:
    """UUIDv7s (RFC 9562, section 5.7) that rise within a process, also within one millisecond (its section 6.2).

    Rows of jobs that were dispatched together then lie together: a claim of 64 touches a few pages instead of 64.
    The step from one to the next is random, so that the tails, by which people name jobs, are all different.
    """

    def __init__(self) -> None:
        self._source = random.Random(os.urandom(32))  # ids must differ, not be secret; a system call each costs more
        self._last_ms = 0
        self._random = 0

    def next_bytes(self, unix_ms: int) -> bytes:
        """The 16 bytes of a new id: 48 bits of milliseconds, then 74 random bits."""
        if unix_ms > self._last_ms:
            self._last_ms = unix_ms
            self._random = self._source.getrandbits(RANDOM_BITS - 1)  # leaves room to rise
        else:  # the same millisecond, or the clock went back
            self._random += 1 + self._source.getrandbits(STEP_BITS)
            if self._random >> RANDOM_BITS:
                self._last_ms += 1
                self._random &= (1 << RANDOM_BITS) - 1
        head = (self._last_ms << 16) | 0x7000 | (self._random >> 62)
        return ((head << 64) | 0x8000_0000_0000_0000 | (self._random & 0x3FFF_FFFF_FFFF_FFFF)).to_bytes(16, "big")


def new_question_id() -> bytes:
    return os.urandom(16)


def new_runner_id() -> RunnerId:
    return RunnerId(os.urandom(16))
