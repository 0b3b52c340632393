"""EXIF tags, by their names, as facts. Cameras write what they like: what makes no sense is left out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, cast

from spacedrive_ops.library_index.media import Exposure, Place

Tags = Mapping[str, Any]
"""By EXIF's names. Of one file, so that of the same name in several directories the last one counts."""

MOMENT: Final = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
TIMES: Final = (
    ("DateTimeOriginal", "SubsecTimeOriginal", "OffsetTimeOriginal"),
    ("DateTimeDigitized", "SubsecTimeDigitized", "OffsetTimeDigitized"),
    ("DateTime", "SubsecTime", "OffsetTime"),
)
"""The best first, each with its fraction of a second and its zone."""
MOST_TEXT: Final = 200


def taken_of(tags: Tags) -> datetime | None:
    """When the shutter opened; with its zone where that is told."""
    for moment, fraction, offset in TIMES:
        match = MOMENT.match(text(tags.get(moment)))
        if match is None:
            continue
        try:
            year, month, day, hour, minute, second = map(int, match.groups())
            taken = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - its zone comes next, if it has one
        except ValueError:  # such as 0000:00:00 00:00:00
            continue
        digits = text(tags.get(fraction))
        if digits.isdecimal():
            taken += timedelta(seconds=float(f"0.{digits}"))
        return taken.replace(tzinfo=_zone(text(tags.get(offset))))
    return None


def _zone(offset: str) -> timezone | None:
    match = OFFSET.fullmatch(offset.strip())
    if match is None:
        return UTC if offset.strip() == "Z" else None
    sign, hours, minutes = match.groups()
    size = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-size if sign == "-" else size) if size < timedelta(hours=24) else None


def camera_of(tags: Tags) -> str:
    return named(text(tags.get("Make")), text(tags.get("Model")))


def lens_of(tags: Tags) -> str:
    return named(text(tags.get("LensMake")), text(tags.get("LensModel")))


def named(maker: str, model: str) -> str:
    """Both, without saying the maker twice: "NIKON CORPORATION" makes the "NIKON D5"."""
    first = maker.partition(" ")[0]
    return model if model.lower().startswith(first.lower()) else f"{maker} {model}".strip()


def exposure_of(tags: Tags) -> Exposure:
    iso = number(tags.get("ISOSpeedRatings") or tags.get("PhotographicSensitivity"))
    return Exposure(
        seconds=_positive(tags.get("ExposureTime")),
        aperture=_positive(tags.get("FNumber")),
        iso=int(iso) if iso is not None and iso > 0 else None,
        focal_length=_positive(tags.get("FocalLength")),
        focal_length_35mm=_positive(tags.get("FocalLengthIn35mmFilm")),
    )


def orientation_of(tags: Tags) -> int | None:
    found = number(tags.get("Orientation"))
    return int(found) if found is not None and 1 <= found <= 8 else None


def place_of(tags: Tags) -> Place | None:
    latitude = _degrees(tags.get("GPSLatitude"), text(tags.get("GPSLatitudeRef")), "S")
    longitude = _degrees(tags.get("GPSLongitude"), text(tags.get("GPSLongitudeRef")), "W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    altitude = number(tags.get("GPSAltitude"))
    if altitude is not None and number(tags.get("GPSAltitudeRef")) == 1:
        altitude = -altitude
    return Place(round(latitude, 7), round(longitude, 7), altitude)


def _degrees(parts: Any, reference: str, negative: str) -> float | None:
    if not isinstance(parts, (tuple, list)):
        return None
    numbers = [number(part) for part in cast("Sequence[Any]", parts)]
    if len(numbers) != 3:
        return None
    degrees, minutes, seconds = (0.0 if part is None else part for part in numbers)
    if numbers[0] is None:
        return None
    size = degrees + minutes / 60 + seconds / 3600
    return -size if reference.upper().startswith(negative) else size


def number(value: Any) -> float | None:
    """Of a number, a fraction, or a list that begins with one; None where that is none, or endless."""
    if isinstance(value, bytes) and len(value) == 1:
        return float(value[0])
    if isinstance(value, (tuple, list)):
        several = cast("Sequence[Any]", value)
        value = several[0] if several else None
    try:
        found = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return found if math.isfinite(found) else None


def _positive(value: Any) -> float | None:
    found = number(value)
    return round(found, 9) if found is not None and found > 0 else None


def text(value: Any) -> str:
    """Printable, and not endless."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value.partition("\0")[0] if letter.isprintable()).strip()[:MOST_TEXT]
