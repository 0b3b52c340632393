"""What pictures say of themselves. Their pixels are not unpacked."""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from spacedrive_ops.library_index.media import MediaFacts
from spacedrive_ops.media.decoding import Limits
from spacedrive_ops.media.picture_files import open_picture
from spacedrive_ops.media_facts import exif

EXIF_DIRECTORY: Final = 0x8769
GPS_DIRECTORY: Final = 0x8825
TIFF_WIDTH: Final = 256
TIFF_HEIGHT: Final = 257
SIDEWAYS: Final = 5
"""From this orientation on, width and height change places."""


def facts_of_picture(file: BinaryIO, limits: Limits) -> MediaFacts:
    with open_picture(file, limits) as picture:
        tags = _tags(picture)
        return facts_of_tags(tags, picture.format or "", *_stored_size(picture))


def _stored_size(picture: Any) -> tuple[int, int]:
    """Pillow gives a TIFF's size as it is to be seen, and that of others as their pixels are stored."""
    if picture.format == "TIFF":
        return picture.tag_v2[TIFF_WIDTH], picture.tag_v2[TIFF_HEIGHT]
    return picture.width, picture.height


def facts_of_tags(tags: exif.Tags, form: str, width: int, height: int) -> MediaFacts:
    """`width`, `height`: as the pixels are stored."""
    orientation = exif.orientation_of(tags)
    if orientation is not None and orientation >= SIDEWAYS:
        width, height = height, width
    return MediaFacts(
        format=form,
        width=width,
        height=height,
        orientation=orientation,
        taken=exif.taken_of(tags),
        camera=exif.camera_of(tags),
        lens=exif.lens_of(tags),
        exposure=exif.exposure_of(tags),
        place=exif.place_of(tags),
    )


def _tags(picture: Any) -> exif.Tags:
    """None of them where they are damaged: the picture is not."""
    from PIL import ExifTags

    try:
        whole = picture.getexif()
        directories = (whole, whole.get_ifd(EXIF_DIRECTORY))
        tags = {ExifTags.TAGS.get(tag, str(tag)): value for one in directories for tag, value in one.items()}
        places = whole.get_ifd(GPS_DIRECTORY).items()
        return tags | {ExifTags.GPSTAGS.get(tag, str(tag)): value for tag, value in places}
    except (SyntaxError, ValueError, TypeError, KeyError, EOFError, OSError, OverflowError):
        return {}
