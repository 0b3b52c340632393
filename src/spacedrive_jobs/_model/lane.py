"""What admission asks of a job besides its kind, as the text that is stored with it.

Jobs of one (kind, version, lane) may start or not together, so the queue is looked at by lanes, never job by job.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import msgspec


class Lane(msgspec.Struct, frozen=True, omit_defaults=True):
    """`key`: of jobs with one key at most `max_per_key` run at once. `resources`: as `Resource` writes them."""

    key: str = ""
    resources: tuple[str, ...] = ()


NO_LANE: Final = Lane()

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Lane).decode


def lane_text(lane: Lane) -> str:
    """The stored form; empty for a job of which nothing is asked."""
    return "" if lane == NO_LANE else _encode(lane).decode()


@lru_cache(maxsize=4096)
def parse_lane(text: str) -> Lane:
    """From the stored form. Text that a newer version wrote and that cannot be read asks for nothing."""
    if not text:
        return NO_LANE
    try:
        return _decode(text.encode())
    except msgspec.MsgspecError:
        return NO_LANE


class Limits(NamedTuple):
    """A kind's limits. `kind` is its present name, under which jobs of former names count too.

    `rate`: at most so many starts in so many ms.
    """

    kind: str
    max_concurrent: int | None = None
    max_per_key: int | None = None
    rate: tuple[int, int] | None = None

    @property
    def is_none(self) -> bool:
        return self.max_concurrent is None and self.max_per_key is None and self.rate is None
