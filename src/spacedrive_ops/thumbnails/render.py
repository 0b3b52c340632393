"""Making the thumbnails of one file, in a child process."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import Any, Final

from spacedrive_ops.media.decoding import NOT_KNOWN, Limits, NotDecoded, OpenMedium, opened
from spacedrive_ops.media.kinds import Medium
from spacedrive_ops.thumbnails.documents import small_page
from spacedrive_ops.thumbnails.drawings import small_drawing
from spacedrive_ops.thumbnails.films import small_frame
from spacedrive_ops.thumbnails.pictures import reduce, small_picture
from spacedrive_ops.thumbnails.raws import small_raw

QUALITY: Final = 80
METHOD: Final = 2
"""How hard WebP tries: beyond this the files get little smaller."""


def render(path: bytes, limits: Limits, sizes: tuple[int, ...]) -> list[tuple[int, bytes]]:
    """The WebP file of each size, at most so many pixels a side. Raises NotDecoded."""
    with opened(path, limits) as found:
        picture = _small(found, max(sizes), limits)
        return _encoded(picture, sorted(sizes, reverse=True))


def _small(found: OpenMedium, size: int, limits: Limits) -> Any:
    match found.medium:
        case Medium.PICTURE:
            return small_picture(found.file, size, limits)
        case Medium.DRAWING:
            return small_drawing(found.file, size, limits)
        case Medium.DOCUMENT:
            return small_page(found.file, size, limits)
        case Medium.RAW:
            return small_raw(found.file, size, limits)
        case Medium.FILM:
            return small_frame(found.path, size, limits)
        case Medium.SOUND:
            raise NotDecoded(NOT_KNOWN)


def _encoded(picture: Any, sizes: list[int]) -> list[tuple[int, bytes]]:
    """The largest first: each is made of the one before."""
    import_module("PIL.WebPImagePlugin")  # else Pillow would load all it has to find who writes WebP
    made: list[tuple[int, bytes]] = []
    for size in sizes:
        reduce(picture, size)
        file = BytesIO()
        picture.save(file, "WEBP", quality=QUALITY, method=METHOD)
        made.append((size, file.getvalue()))
    return made
