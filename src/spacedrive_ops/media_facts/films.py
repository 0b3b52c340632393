"""What films and sounds say of themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from spacedrive_ops.library_index.media import MediaFacts, Place
from spacedrive_ops.media.decoding import Limits, NotDecoded
from spacedrive_ops.media.films import aspect_of, film_of, key_frame, open_film, sound_of
from spacedrive_ops.media_facts.exif import named, text

APPLE: Final = "com.apple.quicktime."
ISO_6709: Final = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")
MICROSECONDS: Final = 1_000
EARLIEST: Final = 1971
"""A film of 1904 or 1970 is one whose clock was never set."""
_TURNS: Final = {0: 1, 1: 8, 2: 3, 3: 6}
"""Quarters to the left that make a film upright, as EXIF orientations."""


def facts_of_film(path: str, name: bytes, limits: Limits) -> MediaFacts:
    """Of a film, or of a sound where there are no pictures."""
    with open_film(path) as container:
        film = film_of(container)
        sound = sound_of(container)
        if film is None and sound is None:
            raise NotDecoded("has neither pictures nor sounds in it that can be decoded")
        tags: dict[str, str] = {key.lower(): value for key, value in container.metadata.items()}
        width, height, quarters = _shape(container, film, limits) if film is not None else (None, None, 0)
        return MediaFacts(
            format=_format(container.format.name, name),
            width=width,
            height=height,
            orientation=_TURNS[quarters] if film is not None else None,
            taken=_taken(tags),
            camera=named(text(tags.get(f"{APPLE}make")), text(tags.get(f"{APPLE}model"))),
            place=_place(tags),
            duration_ms=container.duration // MICROSECONDS if container.duration else None,
            frame_rate=round(float(film.average_rate), 3) if film is not None and film.average_rate else None,
            video_codec=_codec(film),
            audio_codec=_codec(sound),
            channels=sound.codec_context.channels if sound is not None else None,
            sample_rate=sound.codec_context.sample_rate if sound is not None else None,
        )


def _shape(container: Any, film: Any, limits: Limits) -> tuple[int, int, int]:
    """Width and height as they are shown, and the quarters to the left that make it upright."""
    width, height = film.codec_context.width, film.codec_context.height
    limits.check_size(width, height)
    film.thread_type = "NONE"
    quarters = 0
    try:  # only a frame tells how the camera was held
        frame = key_frame(container, film)
    except (OSError, ValueError):
        frame = None  # what does not play has a size all the same
    if frame is not None:
        width, height, quarters = frame.width, frame.height, round(frame.rotation / 90) % 4
    width = round(width * aspect_of(film))
    return (height, width, quarters) if quarters % 2 else (width, height, quarters)


def _codec(stream: Any) -> str:
    return stream.codec_context.codec.canonical_name if stream is not None else ""


def _format(names: str, name: bytes) -> str:
    """Of several that are one to ffmpeg, the one that the file calls itself."""
    ending = name.rpartition(b".")[2].decode("ascii", "replace").lower()
    return (ending if ending in names.split(",") else names.partition(",")[0]).upper()


def _taken(tags: Mapping[str, str]) -> datetime | None:
    for key in (f"{APPLE}creationdate", "creation_time", "date"):
        try:
            taken = datetime.fromisoformat(tags.get(key, "").strip())
        except ValueError:
            continue
        if taken.year >= EARLIEST and len(tags[key]) > len("2024-01-01"):
            return taken
    return None


def _place(tags: Mapping[str, str]) -> Place | None:
    match = ISO_6709.match(tags.get(f"{APPLE}location.iso6709", "") or tags.get("location", ""))
    if match is None:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Place(latitude, longitude, float(match[3]) if match[3] else None)
