"""What pictures, films and sounds say of themselves, as the index keeps it: by what a file holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from spacedrive_ops.library_index.sql import query

if TYPE_CHECKING:  # the process that reads them loads no engine
    from spacedrive_jobs import LibraryDb, Transaction

START: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of clocks that tell no zone
SMALLEST: Final = timedelta(milliseconds=1)


class Place(msgspec.Struct, frozen=True):
    """Degrees north and east, metres above the sea."""

    latitude: float
    longitude: float
    altitude: float | None = None


class Exposure(msgspec.Struct, frozen=True):
    """How a picture was taken: seconds, the f-number, the film's speed, millimetres."""

    seconds: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    focal_length_35mm: float | None = None


class MediaFacts(msgspec.Struct, frozen=True):
    """What a picture, film or sound says of itself; None and "" where it does not.

    `width`, `height`: as it is shown, upright. `orientation`: EXIF's number, 1 to 8. `taken`: with its zone where the
    file tells it, else what its clock said. `frame_rate`: pictures a second. `sample_rate`: in hertz.
    """

    format: str
    width: int | None = None
    height: int | None = None
    orientation: int | None = None
    taken: datetime | None = None
    camera: str = ""
    lens: str = ""
    exposure: Exposure = Exposure()
    place: Place | None = None
    duration_ms: int | None = None
    frame_rate: float | None = None
    video_codec: str = ""
    audio_codec: str = ""
    channels: int | None = None
    sample_rate: int | None = None


def milliseconds(moment: datetime) -> int:
    """Since 1970: in UTC where the zone is told, else by its own clock."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - START) // SMALLEST


async def read(db: LibraryDb, digest: bytes) -> MediaFacts | None:
    rows: list[Any] = await db.query(query("media_of_content"), (digest,))
    return msgspec.msgpack.decode(rows[0][0], type=MediaFacts) if rows else None


async def store(tx: Transaction, facts: Sequence[tuple[bytes, MediaFacts]]) -> None:
    """By digests."""
    await tx.executemany(query("store_media"), [_row(digest, one) for digest, one in facts])


def _row(digest: bytes, facts: MediaFacts) -> tuple[Any, ...]:
    taken, place = facts.taken, facts.place
    return (
        digest,
        facts.format,
        facts.width,
        facts.height,
        facts.duration_ms,
        facts.video_codec or facts.audio_codec or None,
        milliseconds(taken) if taken is not None else None,
        int(taken.tzinfo is not None) if taken is not None else None,
        facts.camera or None,
        facts.lens or None,
        place.latitude if place is not None else None,
        place.longitude if place is not None else None,
        msgspec.msgpack.encode(facts),
    )
